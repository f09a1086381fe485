#!/usr/bin/env bash
# Prints the home of a JDK >= 25: $JAVA_HOME, else one of /usr/lib/jvm. Fails silently if there is none.
set -eu

for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -x "$home/bin/javac" ] && [ -r "$home/release" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ "${version:-0}" -ge 25 ]; then
        echo "$home"
        exit 0
    fi
done
exit 1
