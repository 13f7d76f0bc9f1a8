"""Without namespaces: nothing that code in the sandbox tries reaches what is not its own."""

import re

import pytest
from nbjudge.sandbox import linux

from sandbox.attacks import ATTACKS
from sandbox.inside import inside, why_not

REFUSED = re.compile(
    r"(PermissionError|FileNotFoundError|FileExistsError|OSError|BlockingIOError|ProcessLookupError"
    r"|CalledProcessError|gaierror|IsADirectoryError|error): "
)
# each way into the sandbox, and older kernels, whose Landlock guards less
ABIS = [
    ("landlock-user", None),
    ("landlock-user", 4),
    ("landlock-user", 1),
    ("landlock-root", None),
]


@pytest.fixture(scope="module", params=ABIS, ids=lambda how: f"{how[0]}-{how[1] or 'newest'}")
def method(request):
    method, abi = request.param
    if reason := why_not(method):
        pytest.skip(f"no sandbox by {method} here, these attacks are NOT tried: {reason}")
    with pytest.MonkeyPatch.context() as patch:
        if abi:
            if abi >= linux.landlock_abi():
                pytest.skip(f"this kernel's Landlock is no newer than version {abi}")
            patch.setattr(linux, "landlock_abi", lambda: abi)
        yield method


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused_and_nothing_is_touched(method, host, attack):
    before = host.state()
    answer = inside(method, ATTACKS[attack], **host.names())
    after = host.state()
    assert REFUSED.match(answer.said), answer
    assert after == before
