#!/bin/bash
# Starts the Nextflow whose jars are in jars/ beside this file, as the official launcher does: java takes this
# process's place, and with -bg it goes on in the background while this ends.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java=${JAVA_CMD:-${JAVA_HOME:+$JAVA_HOME/bin/java}}
# Without it in the environment Nextflow takes itself for a checkout under development.
export NXF_HOME=${NXF_HOME:-$HOME/.nextflow}

options=(-XX:+TieredCompilation -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Dfile.encoding=UTF-8)
for package in java.lang java.io java.nio java.nio.file.spi java.net java.util java.util.concurrent.locks \
  java.util.concurrent.atomic java.util.regex sun.nio.ch sun.nio.fs sun.net.www.protocol.http \
  sun.net.www.protocol.https sun.net.www.protocol.ftp sun.net.www.protocol.file jdk.internal.misc jdk.internal.vm; do
  options+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
# shellcheck disable=SC2206 # both hold several options
options+=(${NXF_OPTS:-} ${NXF_JVM_ARGS:-})
command=("${java:-java}" "${options[@]}" -cp "$here/jars/*" nextflow.cli.Launcher "$@")

for argument in "$@"; do
  if [ "$argument" = -bg ]; then
    "${command[@]}" &
    echo $! >"${NXF_PID_FILE:-.nextflow.pid}"
    exit 0
  fi
done
exec "${command[@]}"
