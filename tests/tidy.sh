#!/bin/sh
# tidy.sh -- the house rules that a machine can hold us to. Prints each breach,
# ends with a line that says how many files were looked at, and exits 1 when
# there was a breach. Generated files (their first line says so) are exempt.
#
#   sh tests/tidy.sh [FILE...]      default: every source file
set -eu
cd "$(dirname "$0")/.."
LC_ALL=C
export LC_ALL

# Which headers of the system a file may include, as a pattern.
allowed() {
    case $1 in
    protocol/pack*)  echo 'assert|limits|std[a-z]+|string|msgpack' ;;
    protocol/zip.c)  echo 'assert|limits|std[a-z]+|string|zlib' ;;
    protocol/id.c | protocol/hash.c | protocol/digest.c)
        echo 'assert|limits|std[a-z]+|string|openssl/[a-z]+' ;;
    protocol/*) echo 'assert|errno|inttypes|limits|math|std[a-z]+|string' ;;
    schema/*)   echo 'assert|errno|inttypes|limits|std[a-z]+|string|jsmn' ;;
    # No socket, database, file or clock: a test can be the whole world.
    # (Atomics count who uses what two threads share; nothing waits there.)
    server/core/*) echo 'assert|stdatomic|stdbool|stddef|stdint|stdlib|string' ;;
    server/io/store_sqlite*)
        echo '(sys/|openssl/)?[a-z_0-9]+' ;;
    server/io/transport*)
        echo '(sys/|openssl/|arpa/|netinet/)?[a-z_0-9]+' ;;
    *) echo '((sys|openssl|arpa|netinet)/)?[a-z_0-9]+' ;;
    esac
}

# System headers that live in one place only.
forbidden() {
    case $1 in
    server/io/store_sqlite* | tests/* | bench/floor_sqlite.c)
        echo 'libwebsockets' ;;
    server/io/transport*) echo 'sqlite3' ;;
    *) echo 'sqlite3|libwebsockets' ;;
    esac
}

# In which rooms our own header may lie.
rooms() {
    case $1 in
    protocol/*)    echo 'protocol' ;;
    schema/*)      echo 'schema protocol' ;;
    server/core/*) echo 'server/core schema protocol' ;;
    server/*)      echo 'server/io server/core schema protocol' ;;
    *) echo 'tests tests/sim tests/tools bench server/io server/core schema protocol' ;;
    esac
}

check_includes() {
    system=$(allowed "$1")
    never=$(forbidden "$1")
    grep -n '^ *# *include' "$1" | while IFS=: read -r number text; do
        name=${text#*include}
        name=${name# }
        case $name in
        '<'*)
            name=${name#<}
            name=${name%%>*}
            printf '%s\n' "$name" | grep -Eqx "($system)\.h" &&
                ! printf '%s\n' "$name" | grep -Eqx "($never)\.h" &&
                continue
            ;;
        '"'*)
            name=${name#\"}
            name=${name%%\"*}
            found=
            for room in $(rooms "$1"); do
                [ -f "$room/$name" ] && found=yes
            done
            [ "$found" ] && continue
            ;;
        esac
        echo "$1:$number: may not include $name"
    done
}

check_c() {
    banned='strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|atoi|atol|atof'
    banned="$banned|strtok|alloca|localtime|gmtime|ctime|asctime|tmpnam|mktemp"
    case $1 in
    tests/* | bench/*) ;;
    *) banned="$banned|rand|srand|time|system|popen" ;;
    esac
    awk -v file="$1" -v banned="$banned" '
        function breach(why) { printf "%s:%d: %s\n", file, FNR, why }
        # Columns are characters: awk may count bytes, so take off those that
        # continue a UTF-8 character.
        { text = $0; gsub(/[\200-\277]/, "", text) }
        length(text) > 80 { breach("longer than 80 columns") }
        /[ \t]$/          { breach("space at the end of the line") }
        /\t/              { breach("tab") }
        $0 ~ "(^|[^a-zA-Z0-9_])(" banned ")\\("  { breach("banned function") }
        /^typedef struct/ { breach("typedef of a struct") }
        /^{/              { start = FNR }
        /^}/ { if (start && FNR - start > 70) breach("function over 70 lines")
               start = 0 }
    ' "$1"
    check_includes "$1"
}

check_any() {
    # Spelt so that this file does not find itself.
    grep -nE '(^|[^A-Za-z])(TO''DO|FIX''ME|XX''X)([^A-Za-z]|$)' "$1" |
        sed "s|^\([0-9]*\):.*|$1:\1: says that it is not finished|"
    grep -nE '[ 	]$' "$1" |
        sed "s|^\([0-9]*\):.*|$1:\1: space at the end of the line|"
}

if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # no file here has a space in its name
    set -- $(find . \( -name .git -o -name build -o -name node_modules \
        -o -name 'dist*' -o -name .demo \) -prune -o -type f \
        \( -name '*.[ch]' -o -name '*.js' -o -name '*.mjs' -o -name '*.jsx' \
        -o -name '*.css' -o -name '*.sh' -o -name '*.cmake' -o -name dev \) \
        -print | sed 's|^\./||' | LC_ALL=C sort)
fi

breaches=$(mktemp)
trap 'rm -f "$breaches"' EXIT
count=0
for file; do
    head -n 1 "$file" | grep -qiE '^(/[*/]|#) *generated' && continue
    count=$((count + 1))
    case $file in
    *.[ch]) check_c "$file" ;;
    esac
    case $file in
    *.[ch]) check_any "$file" | grep -v 'end of the line' ;;
    *) check_any "$file" ;;
    esac || true
done >"$breaches"
cat "$breaches"
echo "tidy: $count files, $(wc -l <"$breaches") breaches"
[ ! -s "$breaches" ]
