# The functions of the scripts that repeat a case, a paragraph each. A script has those that it calls.

say() { printf '\n\n== %s\n' "$1"; }

# The text of a member of the last answer.
member() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$answer" | tail -n 1 | sed 's|\\/|/|g'; }

# Sends bytes as they are to the address in the URL, and shows what comes back within two seconds.
raw() {
    address=${WABIZSPEC_TARGET#*://} && address=${address%%/*}
    case $address in *:[0-9]*) ;; *) address=$address:80 ;; esac
    host=${address%:*} && host=${host#[} && host=${host%]}
    exec 3<>"/dev/tcp/$host/${address##*:}"; cat >&3; timeout 2 cat <&3; exec 3>&-
}

# The same over TLS.
raw_tls() {
    address=${WABIZSPEC_TARGET#*://} && address=${address%%/*}
    case $address in *:[0-9]*) ;; *) address=$address:443 ;; esac
    { cat; sleep 2; } | openssl s_client -quiet -connect "$address" 2>/dev/null
}

as_json() { sed 's/[\\"]/\\&/g'; }

as_base64() { base64 | tr -d '\n'; }

as_upper() { tr a-z A-Z; }

as_lower() { tr A-Z a-z; }

as_swapcase() { tr a-zA-Z A-Za-z | sed '/[A-Za-z]/!s/$/x/'; }

as_init() { sed 's/.$//'; }

as_tail() { sed 's/^.//'; }

as_first8() { cut -c 1-8; }

as_half() { awk '{ print substr($0, 1, int(length($0) / 2)) }'; }

as_rest() { awk '{ print substr($0, int(length($0) / 2) + 1) }'; }

as_digits() { tr 0-9 1-90 | sed '/[0-9]/!s/$/x/'; }

as_reverse() { awk '{ for (i = length($0); i > 0; i--) printf "%s", substr($0, i, 1) }'; }

as_altered() { awk -v from='0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!' \
    -v to='1234567890bcdefghijklmnopqrstuvwxyzaBCDEFGHIJKLMNOPQRSTUVWXYZA#' \
    '{ n = length($0); at = index(from, substr($0, n)); print substr($0, 1, n - 1) (at ? substr(to, at, 1) : "!") }'; }
