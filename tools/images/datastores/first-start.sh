# Read by the entrypoints: what the official images of databases have in common at their first start.

say() {
  printf '[stand-in] %s\n' "$*" >&2
}

fail() {
  say "$@"
  exit 1
}

# read_variable NAME [DEFAULT]: sets NAME from itself, or from the file that NAME_FILE names.
read_variable() {
  local name=$1 file="${1}_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    fail "$name and $file are both set: only one can be"
  elif [ -n "${!file:-}" ]; then
    printf -v "$name" '%s' "$(<"${!file}")"
  else
    printf -v "$name" '%s' "${!name:-${2:-}}"
  fi
  export "${name?}"
  unset "$file"
}

# become USER ENTRYPOINT ARGUMENT...: starts over as that user, without any of root's rights.
become() {
  local user=$1
  shift
  HOME=$(getent passwd "$user" | cut --delimiter=: --fields=6)
  export HOME
  exec setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}

# Runs what a person mounted, in the order of names. `run_sql` reads statements from its stdin.
run_initdb_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    [ -e "$file" ] || continue
    say "running $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql <"$file" ;;
      *.sql.gz) gunzip --stdout "$file" | run_sql ;;
      *.sql.xz) xz --decompress --stdout "$file" | run_sql ;;
      *.sql.zst) zstd --decompress --stdout "$file" | run_sql ;;
      *) say "$file is neither a script nor SQL" ;;
    esac
  done
}
