#!/usr/bin/env bash
# Maven on a JDK >= 25, silent but for warnings, errors and the counts of tests. Arguments are Maven's own.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
if ! JAVA_HOME=$("$BASH" "$root/scripts/find-jdk.sh"); then
    echo "torchfits: no JDK >= 25 in \$JAVA_HOME or /usr/lib/jvm; 'make setup' says how to install one" >&2
    exit 1
fi
export JAVA_HOME
# Maven 3's own libraries use what JDK 25 warns about.
MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}"
log=org.slf4j.simpleLogger
export MAVEN_OPTS="-D$log.defaultLogLevel=warn -D$log.log.org.apache.maven.plugin.surefire=info $MAVEN_OPTS"
cd "$root"
exec mvn --batch-mode "$@"
