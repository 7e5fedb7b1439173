"""What is there: installed trees, package databases, and files that say what is in them."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="node_modules",
        title="installed npm packages",
        kind=Kind.INSTALLED,
        ecosystem="npm",
        files=(
            *("node_modules/*/package.json", "node_modules/@*/*/package.json"),
            *("share/nodejs/*/package.json", "share/nodejs/@*/*/package.json"),
        ),
        read="pratique.formats.installed.node:read",
        link="pratique.formats.installed.node:link",
    ),
    Reader(
        name="python-metadata",
        title="installed Python distributions: wheel and egg metadata",
        kind=Kind.INSTALLED,
        ecosystem="PyPI",
        files=(
            "*.dist-info/METADATA",
            "*.egg-info/PKG-INFO",
            "EGG-INFO/PKG-INFO",
            "*.egg-info",
        ),
        read="pratique.formats.installed.python:read",
        sniff="pratique.formats.installed.python:is_metadata",
        link="pratique.formats.installed.python:link",
    ),
    Reader(
        name="gem-specification",
        title="installed gems: the specifications that RubyGems writes",
        kind=Kind.INSTALLED,
        ecosystem="RubyGems",
        files=("specifications/*.gemspec", "specifications/default/*.gemspec"),
        read="pratique.formats.installed.gems:read",
        link="pratique.formats.installed.gems:link",
    ),
    Reader(
        name="composer-installed",
        title="packages that Composer has installed",
        kind=Kind.INSTALLED,
        ecosystem="Packagist",
        files=("composer/installed.json",),
        read="pratique.formats.installed.composer:read",
    ),
    Reader(
        name="dpkg-status",
        title="dpkg's and opkg's databases of installed packages",
        kind=Kind.INSTALLED,
        files=("var/lib/dpkg/status", "usr/lib/opkg/status", "var/lib/opkg/status"),
        read="pratique.formats.installed.dpkg:read",
    ),
    Reader(
        name="dpkg-status.d",
        title="dpkg's database in distroless images, a file a package",
        kind=Kind.INSTALLED,
        files=("var/lib/dpkg/status.d/*",),
        read="pratique.formats.installed.dpkg:read",
        link="pratique.formats.installed.dpkg:link",
    ),
    Reader(
        name="apk-installed",
        title="apk's database of installed packages",
        kind=Kind.INSTALLED,
        files=("lib/apk/db/installed",),
        read="pratique.formats.installed.apk:read",
    ),
    Reader(
        name="rpmdb",
        title="rpm's databases of installed packages: SQLite, ndb, Berkeley DB",
        kind=Kind.INSTALLED,
        files=(
            *("*/rpm/rpmdb.sqlite", "*/rpm/Packages.db"),
            *("var/lib/rpm/Packages", "usr/lib/sysimage/rpm/Packages", "usr/share/rpm/Packages"),
        ),
        read="pratique.formats.installed.rpm.read:read",
    ),
    Reader(
        name="java-archive",
        title="JAR, WAR and EAR files, and those inside of them",
        kind=Kind.INSTALLED,
        ecosystem="Maven",
        files=(
            *("*.jar", "*.war", "*.ear", "*.par", "*.sar", "*.nar", "*.jpi", "*.hpi"),
            *("*.lpkg", "*.aar", "*.kar", "*.jmod", "*.JAR", "*.WAR", "*.EAR"),
        ),
        read="pratique.formats.installed.archives.java:read",
    ),
    Reader(
        name="python-archive",
        title="wheels and eggs as files",
        kind=Kind.INSTALLED,
        ecosystem="PyPI",
        files=("*.whl", "*.egg"),
        read="pratique.formats.installed.archives.python:read",
    ),
    Reader(
        name="executable",
        title="ELF, PE and Mach-O files with Go build info or cargo-auditable's list",
        kind=Kind.INSTALLED,
        files=(),
        read="pratique.formats.installed.binaries.read:read",
        sniff="pratique.formats.installed.binaries.sections:is_executable",
    ),
)
