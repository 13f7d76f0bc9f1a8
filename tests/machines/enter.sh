#!/bin/sh
# Run a command in a root made by root.sh, as root or as the ordinary user `visitor`.
#
#     tests/machines/enter.sh FOLDER USER COMMAND ...
#
# As in a container, no user namespaces are allowed there; nothing that is mounted outlives the command.
set -eu

folder=$1 user=$2
shift 2
home=$(chroot "$folder" sh -c "echo ~$user")

# what reaches the package index here, and nothing else of this machine's settings
settings=$(env | grep -iE '^(https?_proxy|no_proxy|ssl_cert_file|pip_cert)=' || true)

exec unshare --mount --propagation private sh -eu -c '
    folder=$1 user=$2
    shift 2
    mount --bind /proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    cp /etc/resolv.conf /etc/hosts "$folder/etc/"
    exec setpriv --bounding-set=-sys_admin chroot --userspec="$user:$user" "$folder" "$@"
' sh "$folder" "$user" env -i $settings HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
    sh -c 'cd && exec "$@"' sh "$@"
