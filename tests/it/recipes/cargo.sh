#!/usr/bin/env bash
set -eu
[ "$1" = install ] || { echo "cargo $1 is not expected here" >&2; exit 1; }
shift
root= source=
while [ "$#" -gt 0 ]; do
  case "$1" in
    --locked) ;;
    --root) root=$2; shift ;;
    --path) [ -e "$2/Cargo.toml" ]; source=$2; shift ;;
    --git) source=$2; shift ;;
    wabizspec) ;;
    *) echo "cargo install $1 is not expected here" >&2; exit 1 ;;
  esac
  shift
done
[ -n "$root" ] && [ -n "$source" ]
mkdir -p "$root/bin"
ln -s "$PROGRAM_UNDER_TEST" "$root/bin/wabizspec"
echo "$source" >>"$HOME/installations"
