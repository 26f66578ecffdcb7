#!/bin/sh
# Installs the Debian packages that sluice needs, if one is missing.
#
#   sh conf/packages.sh build         what the program and its package are built from
#   sh conf/packages.sh build test    and what its tests use
#
# Says nothing when all of them are there.  Runs apt-get as root or through sudo.  Nothing that it
# installs is started: haproxy, postgresql and the like are only programs that the tests run.
set -eu

build='gcc libc6-dev cmake ninja-build pkg-config libev-dev libssl-dev libconfig-dev libc-ares-dev
    libjansson-dev libncurses-dev dpkg-dev file'
test='clang clang-format clang-tidy libclang-rt-14-dev cppcheck libcmocka-dev python3-pytest
    postgresql postgresql-client haproxy curl openssl socat iproute2 valgrind universal-ctags
    groff-base man-db psmisc procps
    hatop tmux prometheus prometheus-haproxy-exporter lnav rsyslog nginx libnginx-mod-stream
    apache2-bin varnish tshark systemd bsdextrautils zsh fish python3-yaml chromium fonts-dejavu-core
    ansible-core keepalived lintian logrotate python3-apt python3-jinja2
    python3-kubernetes shellcheck'
# Services of packages of the same name.
services='haproxy rsyslog nginx varnish prometheus prometheus-haproxy-exporter keepalived
    logrotate.timer'

usage() {
    echo 'usage: sh conf/packages.sh build [test]' >&2
    exit 2
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "packages.sh: not root and there is no sudo; to be run as root: $*" >&2
        return 1
    fi
}

# Of those packages, the ones that are not installed.
missing_of() {
    command -v dpkg-query >/dev/null || {
        echo 'packages.sh: not a Debian system; install the like of:' "$@" >&2
        exit 1
    }
    installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status}\n' "$@" 2>/dev/null |
        sed -nE 's/:(installed|triggers-.*)$//p' | tr '\n' ' ') " || true
    for package in "$@"; do
        case $installed in
        *" $package "*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# policy-rc.d: invoke-rc.d asks it before a package's service is started; 101 means no.
policy=/usr/sbin/policy-rc.d
own_policy=
forbid_start() {
    [ ! -e "$policy" ] || return 0
    # shellcheck disable=SC2016 # expanded by the shell that root runs
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$0" && chmod 755 "$0"' "$policy"
    own_policy=yes
}

allow_start() {
    [ -z "$own_policy" ] || as_root rm -f "$policy"
    own_policy=
}

# postgresql-common makes and starts a cluster when it is installed, unless this file says no.
forbid_cluster() {
    file=/etc/postgresql-common/createcluster.conf
    [ ! -e "$file" ] || return 0
    # shellcheck disable=SC2016
    as_root sh -c 'mkdir -p "${0%/*}" && echo "create_main_cluster = false" >"$0"' "$file"
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}

# A mirror that fails once is asked once more.
install_packages() {
    apt update || true
    apt install -y --no-install-recommends "$@" && return
    echo 'packages.sh: that failed, trying once more' >&2
    sleep 5
    apt update && apt install -y --no-install-recommends "$@"
}

[ $# -gt 0 ] || usage
wanted=
for set in "$@"; do
    case $set in
    build) wanted="$wanted $build" ;;
    test)
        wanted="$wanted $test"
        # Debian's npm does not go with a Node.js of another origin, which serves as well.
        if ! { command -v node && command -v npm; } >/dev/null; then
            wanted="$wanted nodejs npm"
        fi
        ;;
    *) usage ;;
    esac
done

# shellcheck disable=SC2086 # lists of words
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

echo "==> installing $missing"
log=$(mktemp)
trap 'allow_start; rm -f "$log"' EXIT
trap 'exit 130' INT TERM
forbid_start
case " $missing " in
*' postgresql '*) forbid_cluster ;;
esac
# shellcheck disable=SC2086
install_packages $missing || {
    cat "$log" >&2
    exit 1
}
# Neither now nor at the next boot.
command -v systemctl >/dev/null || exit 0
for service in $services; do
    case " $missing " in
    *" ${service%.timer} "*) as_root systemctl -q disable "$service" 2>/dev/null || true ;;
    esac
done
