#!/bin/sh
# Starts nf-escrow from systemd or cron, which do not have the environment of a login. Written by `nf-escrow daemon
# install` with the settings at that time. Removed by `nf-escrow daemon install --remove`. nf-escrow replaces the
# words in capitals.
umask 077
ulimit -c 0
@ENVIRONMENT@
[ "$2" != run ] || exec >>@LOG@ 2>&1
exec @COMMAND@ "$@"
