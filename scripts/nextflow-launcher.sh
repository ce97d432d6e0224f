#!/bin/bash
# Starts the Nextflow whose jars are in jars/ next to this file, like the official launcher: it replaces this process with
# java, or, with -bg, starts java in the background and exits.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
java=${JAVA_CMD:-${JAVA_HOME:+$JAVA_HOME/bin/java}}
# Without NXF_HOME, Nextflow assumes that it runs from a development checkout.
export NXF_HOME=${NXF_HOME:-$HOME/.nextflow}

options=(-XX:+TieredCompilation -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Dfile.encoding=UTF-8)
for package in java.lang java.io java.nio java.nio.file.spi java.net java.util java.util.concurrent.locks \
  java.util.concurrent.atomic java.util.regex sun.nio.ch sun.nio.fs sun.net.www.protocol.http \
  sun.net.www.protocol.https sun.net.www.protocol.ftp sun.net.www.protocol.file jdk.internal.misc jdk.internal.vm; do
  options+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
# shellcheck disable=SC2206 # both contain several options
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
