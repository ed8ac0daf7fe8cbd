"""What is inside an image besides its server: whose small programs it has, and which are missing.

Images of Debian have coreutils and no `ps`, no `kill`, no `wget`; those of Alpine and busybox have all in one program; some
have no shell at all. Which tools there are is in kube/images.py. Sources: the images' Dockerfiles and package lists.
"""

from __future__ import annotations

from k8snet.kube.images import IMAGES, Image, repository
from k8snet.linux.fact import Fact

FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEBIAN, UBUNTU, ALPINE, BUSYBOX, NOTHING = "debian", "ubuntu", "alpine", "busybox", ""
FAMILIES = {
    "docker.io/library/nginx": DEBIAN, "docker.io/library/httpd": DEBIAN, "docker.io/library/redis": DEBIAN,
    "docker.io/library/postgres": DEBIAN, "docker.io/library/debian": DEBIAN, "docker.io/library/python": UBUNTU,
    "docker.io/library/ubuntu": UBUNTU, "docker.io/kennethreitz/httpbin": UBUNTU,
    "docker.io/library/busybox": BUSYBOX, "registry.k8s.io/busybox": BUSYBOX, "docker.io/library/alpine": ALPINE,
    "docker.io/nicolaka/netshoot": ALPINE, "docker.io/curlimages/curl": ALPINE,
    "registry.k8s.io/e2e-test-images/agnhost": ALPINE, "docker.io/library/agnhost": ALPINE,
}  # fmt: skip
"""By repository; what is Debian's with procps in it counts as Ubuntu's."""
MISSING = {
    DEBIAN: frozenset({"kill", "nslookup", "ps", "top", "vi", "watch", "wget"}),
    UBUNTU: frozenset({"nslookup", "vi", "wget"}),
}
"""Of the programs that nearly every image has, those that these have not."""
_DEBIAN_ROOT = "bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var"
ROOTS = {
    "docker.io/library/busybox": "bin dev etc home lib lib64 proc root sys tmp usr var",
    "docker.io/library/alpine": "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var",
    "docker.io/library/debian": _DEBIAN_ROOT,
    "docker.io/library/nginx": _DEBIAN_ROOT.replace("dev", "dev docker-entrypoint.d docker-entrypoint.sh"),
}
"""What is in the folder /, where that is known."""
GROUPS = {
    DEBIAN: "0(root)", UBUNTU: "0(root)", BUSYBOX: "0(root),10(wheel)",
    ALPINE: "0(root),1(bin),2(daemon),3(sys),4(adm),6(disk),10(wheel),11(floppy),20(dialout),26(tape),27(video)",
}  # fmt: skip
"""The groups of root."""


class Userland(Fact, frozen=True):
    """An image's inside: its ``family``, and the names of its programs."""

    family: str
    programs: frozenset[str]

    @property
    def is_busybox(self) -> bool:
        """Whether its small programs are busybox'."""
        return self.family in (ALPINE, BUSYBOX)

    def find(self, word: str) -> str | None:
        """The program that a command's first word means; None if there is none."""
        folder, slash, name = word.rpartition("/")
        return name if name in self.programs and (not slash or folder in FOLDERS) else None


def of(image: str) -> Userland:
    """What is inside an image.

    >>> of("nginx").find("ps"), of("nginx:1.29-alpine").find("ps"), of("nginx").find("/bin/cat"), of("traefik/whoami").find("ls")
    (None, 'ps', 'cat', None)
    """
    name = repository(image)
    tag = image.rpartition("/")[2].partition(":")[2]
    family = ALPINE if "alpine" in tag else FAMILIES.get(name, NOTHING)
    found = IMAGES.get(name)
    return Userland(family, _programs(found, family) if found is not None else frozenset())


def _programs(image: Image, family: str) -> frozenset[str]:
    more = ("readlink",) if family != NOTHING else ()
    return frozenset((*image.programs, *image.tools, *image.others, *more)) - MISSING.get(family, frozenset())
