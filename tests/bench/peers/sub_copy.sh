#!/usr/bin/env bash
# The shortest pipe there is: mosquitto_sub | psql COPY. Fast, and loses what is in the pipe when it is killed.
#
# sub_copy.sh BROKER_SOCKET COUNT|prime|live SECONDS. With a count: one COPY. Live: a COPY for every hundred messages.
set -euo pipefail

readonly broker=$1 what=$2 seconds=${3:-0} batch=100
readonly copy="COPY peer (topic, payload) FROM STDIN"

subscribe() { # mosquitto_sub options...
    exec mosquitto_sub --unix "$broker" -V 5 -u custodyd -i sub-copy -c -q 1 -t 'custody/v1/+/up/+' \
        -D connect receive-maximum 65535 -F '%t\t\\\\x%x' "$@"
}

case $what in
prime) subscribe -E ;;
live)
    { (subscribe --quiet -W "$seconds") || [ $? = 27 ]; } | # 27: the time is over
        awk -v copy="$copy" -v batch="$batch" '
            NR % batch == 1 { print copy ";" }
            { print }
            NR % batch == 0 { print "\\."; fflush() }
            END { if (NR % batch) print "\\." }' |
        psql -qX --set ON_ERROR_STOP=1
    ;;
*)
    begun=$(date +%s%N)
    (subscribe -C "$what") | psql -qX -c "$copy"
    ended=$(date +%s%N)
    echo "messages $what"
    echo "messages_per_s $((what * 1000000000 / (ended - begun)))"
    ;;
esac
