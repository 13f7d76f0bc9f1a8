#!/bin/sh
# Run a command as on a machine that refuses namespaces: Ubuntu's ordinary user, a plain container.
#
#     tests/machines/no_namespaces.sh COMMAND ...
exec unshare --user --map-root-user sh -c \
    'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --bounding-set=-all "$@"' sh "$@"
