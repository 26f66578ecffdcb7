#!/bin/sh
# What `cmake --install` puts where: the list of files, a unit that systemd accepts, a program
# where the unit wants it, and example configurations that the program accepts.
#
#   sh tests/lint/install.sh BUILD
set -eu
[ $# -eq 1 ] || {
    echo 'usage: sh tests/lint/install.sh BUILD' >&2
    exit 2
}
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bad=0
fail() {
    echo "install.sh: $*"
    bad=1
}

root=$out/root
DESTDIR=$root cmake --install "$build" >"$out/log" 2>&1 || {
    cat "$out/log"
    exit 1
}
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")

{
    cat <<'END'
lib/systemd/system/sluice.service
lib/sysusers.d/sluice.conf
bin/sluice
share/bash-completion/completions/sluice
share/fish/vendor_completions.d/sluice.fish
share/sluice/grafana/sluice.json
share/sluice/prometheus/sluice-alerts.yml
share/zsh/vendor-completions/_sluice
share/doc/sluice/CHANGELOG.md
share/doc/sluice/LICENSE
share/doc/sluice/README.md
share/doc/sluice/examples/sluice.socket
share/man/man1/sluice.1
share/man/man5/sluice.conf.5
share/man/man7/sluice-deploy.7
share/man/man7/sluice-haproxy.7
share/man/man8/sluice.8
END
    for example in conf/*.conf; do
        echo "share/doc/sluice/examples/${example##*/}"
    done
    find conf/deploy -type f | sed 's|^conf/|share/doc/sluice/examples/|'
} | LC_ALL=C sort >"$out/expected"
(cd "$root" && find . -type f -o -type l) | sed "s|^\.$prefix/||" | LC_ALL=C sort >"$out/found"
diff -u "$out/expected" "$out/found" || fail "these files are expected in $prefix"

unit=$root$prefix/lib/systemd/system/sluice.service
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
[ -x "$root$program" ] || fail "the unit starts $program, which is not installed"
if command -v systemd-analyze >/dev/null; then
    # In a root of its own, with what the unit refers to: systemd's own units and the program.
    mkdir -p "$root/usr/lib/systemd/system" "$root/bin"
    cp /bin/kill "$root/bin/" # ExecReload
    for name in /usr/lib/systemd/system/*.target /usr/lib/systemd/system/*.slice \
        /usr/lib/systemd/system/*.mount /usr/lib/systemd/system/*.socket; do
        [ ! -e "$name" ] || cp "$name" "$root/usr/lib/systemd/system/"
    done
    systemd-analyze verify --man=no --root="$root" "$unit" >"$out/log" 2>&1 || bad=1
    # Units of the system that are not ours may have problems of their own.
    grep -F sluice.service "$out/log" && fail 'systemd-analyze verify finds this in the unit'
fi
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers --dry-run "$root$prefix/lib/sysusers.d/sluice.conf" >"$out/log" 2>&1 || {
        cat "$out/log"
        fail 'systemd-sysusers does not accept the user'
    }
fi

# The examples name a CA that is not on this host.
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -keyout "$out/key" -out "$out/ca.crt" \
    2>/dev/null
for example in "$root$prefix"/share/doc/sluice/examples/*.conf; do
    sed "s|/etc/sluice/ca.crt|$out/ca.crt|" "$example" >"$out/example.conf"
    "$root$program" check -f "$out/example.conf" >"$out/log" 2>&1 || {
        cat "$out/log"
        fail "sluice check does not accept ${example##*/}"
    }
done
exit "$bad"
