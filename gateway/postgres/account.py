"""As whom the embedded Postgres runs: it refuses root, and its ``initdb`` refuses users without a name."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError

_PREFERRED = ("postgres", "nobody")
_PROBE = 'cd "$1" && exec "$2" --version'


@dataclass(frozen=True, slots=True)
class Account:
    """The words before each command of Postgres, and who has to own its files (None: we do)."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def own(self, folder: Path) -> None:
        """Give *folder* and all below it to the user that Postgres runs as."""
        uid, gid = self.owner or (os.geteuid(), os.getegid())
        if os.geteuid() != 0 or folder.stat().st_uid == uid:
            return
        for parent, _, files in os.walk(folder):
            for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118 - text is faster here
                os.chown(path, uid, gid, follow_symlinks=False)

    def works(self, folder: Path, program: Path) -> bool:
        """Tell whether *program* can be run this way and can enter *folder*."""
        words = (*self.prefix, "sh", "-c", _PROBE, "sh", str(folder), str(program))
        done = subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603
        return done.returncode == 0


def account(folder: Path, program: Path) -> Account:
    """Return the first way in which *program* can work on *folder*, which is given to that user.

    Raises ConfigurationError when there is none.
    """
    for way in _ways():
        if way.owner:  # they have to pass through our folder to reach theirs
            folder.parent.chmod(folder.parent.stat().st_mode | 0o011)
        way.own(folder)
        if way.works(folder, program):
            return way
    if os.geteuid() == 0:
        raise ConfigurationError(
            f"Postgres refuses to run as root, and no other user can work in {folder} here.",
            hint="Start the gateway as an ordinary user, choose a data folder that everybody may enter, "
            "or set GATEWAY_DATABASE_URL.",
        )
    raise ConfigurationError(
        f"{program} cannot be run in {folder}.",
        hint="Look at the rights of both, or set GATEWAY_DATABASE_URL.",
    )


def _ways() -> Iterator[Account]:
    """Yield the ways to run Postgres, the best first."""
    if os.geteuid() != 0:
        if not _named(os.geteuid()):
            yield from _unshare()
        yield Account()
        return
    yield from _unshare()
    user = _stand_in()
    owner = (user.pw_uid, user.pw_gid)
    if setpriv := shutil.which("setpriv"):
        yield Account((setpriv, f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups", "--"), owner)
    if runuser := shutil.which("runuser"):
        yield Account((runuser, "-u", user.pw_name, "--"), owner)


def _unshare() -> Iterator[Account]:
    """Yield a name space of our own, in which we are somebody else; the files stay ours."""
    if unshare := shutil.which("unshare"):
        user = _stand_in()
        yield Account((unshare, "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--"))


def _stand_in() -> pwd.struct_passwd:
    """Return an ordinary user of this machine."""
    users = [user for user in pwd.getpwall() if user.pw_uid != 0]
    if not users:
        raise ConfigurationError(
            "This machine knows no user but root, and Postgres refuses to run as root.",
            hint="Add a user, or set GATEWAY_DATABASE_URL.",
        )
    return min(users, key=lambda user: (user.pw_name not in _PREFERRED, user.pw_uid != 1000))


def _named(uid: int) -> bool:
    """Tell whether *uid* has a name on this machine."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
