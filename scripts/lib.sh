# Sourced by the scripts beside it: where the tree is, and how what is missing
# gets installed.  Needs bash and nothing else, so that it runs on a Debian
# that has no Python, no git and no compiler yet.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Another python3 or cmake may stand first on PATH (pyenv, conda); the build and
# the tests belong to Debian's.
python=/usr/bin/python3

# What UCORN_BACKENDS may name.
all_backends=sync,gthread,event,gevent,eventlet,tornado

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# packages_missing GROUP...: those packages of the groups that are not installed
packages_missing() {
	local group package
	while read -r group package; do
		case " $* " in
		*" $group "*) ;;
		*) continue ;;
		esac
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			echo "$package"
	done <"$root/scripts/packages"
}

# install_packages GROUP...: installs what is missing, as root or through sudo
install_packages() {
	local missing log sudo=""
	if ! command -v apt-get >/dev/null; then
		echo "No apt-get here: taking what scripts/packages lists as installed."
		return
	fi
	missing=$(packages_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "run this as root first: apt-get install $missing"
		sudo=sudo
	fi
	echo "Installing: $missing"
	log=$(mktemp)
	if ! run_apt update >"$log" 2>&1 ||
		! run_apt install -y --no-install-recommends $missing >"$log" 2>&1; then
		cat "$log"
		rm -f "$log"
		die "apt-get could not install what is missing"
	fi
	rm -f "$log"

	# Debian starts what it installs; the tests want no more of nginx than its program.
	if [[ " $missing" == *" nginx-light "* && -d /run/systemd/system ]]; then
		$sudo systemctl disable --now --quiet nginx || true
	fi
}

run_apt() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}
