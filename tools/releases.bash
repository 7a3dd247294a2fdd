# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
#
# For tools that build a program with many releases of Go: which there are, and where. To be sourced;
# needs $work, a directory outside of any module, and a go command.

# All releases from 1.10 on that can be had, "10 0", "10 1", … "27 4", in order.
releases() {
	{
		(cd "$work" && go list -m -versions golang.org/toolchain) | tr ' ' '\n'
		find "$(go env GOMODCACHE)/golang.org" -maxdepth 1 -name 'toolchain@*' -printf '%f\n' | sed 's/^toolchain@//'
	} | sed -nE 's/^v0\.0\.1-go1\.([0-9]+)(\.([0-9]+))?\.linux-amd64$/\1 \3/p' |
		awk '$1 >= 10 { print $1, $2 + 0 }' | sort -k1n -k2n -u
}

# The first release of a minor version has no patch number before Go 1.21.
version_name() { # MINOR PATCH
	if [ "$2" = 0 ] && [ "$1" -lt 21 ]; then echo "go1.$1"; else echo "go1.$1.$2"; fi
}

# Fetches a release if it is not in the module cache, and prints where it is.
toolchain_of() { # VERSION
	local directory
	directory=$(cd "$work" && go mod download -json "golang.org/toolchain@v0.0.1-$1.linux-amd64" |
		sed -nE 's/^\t"Dir": "(.*)",?$/\1/p')
	# The module cache keeps no x bits.
	find "$directory/bin" "$directory/pkg/tool" -type f ! -perm -1 -exec chmod +x {} +
	echo "$directory"
}
