#!/usr/bin/env bash
# Makes .venv with torchfits and all that its tests and demo need, and first installs the system packages that are
# missing: with apt-get as root, otherwise it says what to install and fails.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

has_library() {
    compgen -G "${CONDA_PREFIX:-/nonexistent}/lib/$1.so*" >/dev/null || /sbin/ldconfig -p | grep -q "$1\.so"
}

missing_packages() {
    find_python >/dev/null || echo python3-venv
    bash scripts/find-jdk.sh >/dev/null || echo openjdk-25-jdk-headless
    command -v mvn >/dev/null || echo maven
    has_library libcfitsio || echo libcfitsio-dev
    has_library libwcs || echo wcslib-dev
}

# The command that installs the packages of the list $1 on this system, for a person to copy.
install_command() {
    local packages=$1
    if [[ "$packages" == *openjdk-25* ]] && ! apt-cache show openjdk-25-jdk-headless >/dev/null 2>&1; then
        # Older systems have no package of JDK 25: the one of Eclipse Adoptium.
        local key=/usr/share/keyrings/adoptium.asc url=https://packages.adoptium.net/artifactory
        local codename
        codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
        echo -n "sudo apt-get install -y wget && sudo wget -qO $key $url/api/gpg/key/public &&" \
            "echo 'deb [signed-by=$key] $url/deb $codename main' | sudo tee /etc/apt/sources.list.d/adoptium.list && "
        packages=${packages/openjdk-25-jdk-headless/temurin-25-jdk}
    fi
    echo "sudo apt-get update && sudo apt-get install -y $packages"
}

install_system_packages() {
    local missing
    missing=$(missing_packages | xargs)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $missing"
        apt-get -qq update
        # shellcheck disable=SC2086  # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing && return
    fi
    echo "torchfits needs: $(install_command "$missing")" >&2
    exit 1
}

install_python_packages() {
    [ -x .venv/bin/python ] || "$(find_python)" -m venv .venv
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
    # uv links files from its cache: a second environment costs seconds, and no second copy of torch.
    .venv/bin/uv pip install --python .venv/bin/python --compile-bytecode --editable '.[dev,ray]'
}

install_system_packages
install_python_packages
