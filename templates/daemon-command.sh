#!/bin/sh
# Starts nf-escrow as systemd and cron do, which know nothing of a login's environment. Written by `nf-escrow daemon
# install` with what was set then; taken out by `nf-escrow daemon install --remove`. nf-escrow fills in the words in
# capitals.
umask 077
ulimit -c 0
unset NODE_OPTIONS NODE_PATH NODE_DEBUG NODE_REPL_EXTERNAL_MODULE NODE_V8_COVERAGE
@ENVIRONMENT@
[ "$2" != run ] || exec >>@LOG@ 2>&1
exec @PROGRAM@ "$@"
