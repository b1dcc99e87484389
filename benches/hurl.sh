# Source it, then call `install_hurl FOLDER`: it puts Hurl below that folder unless there is one, and into the path. To build it
# takes a C compiler, libclang, libxml2 with its headers, and one to three minutes. Root gets the two libraries with apt.

# The last one that the toolchain of this project builds.
hurl_version=8.0.1

install_hurl() {
    export PATH=$1/bin:$PATH
    if ! command -v hurl >/dev/null; then
        echo "installing Hurl $hurl_version" >&2
        if ! { ldconfig -p | grep --quiet libclang-; } && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            { apt-get update && apt-get install --yes --no-install-recommends libclang1 libxml2-dev; } >/dev/null
        fi
        # libclang may be there without clang and its headers; those of the C compiler will do.
        BINDGEN_EXTRA_CLANG_ARGS="-I$("${CC:-cc}" -print-file-name=include) ${BINDGEN_EXTRA_CLANG_ARGS:-}" \
            cargo install --locked --quiet --root "$1" --target-dir "$1/build-hurl" --version "$hurl_version" hurl
    fi
}
