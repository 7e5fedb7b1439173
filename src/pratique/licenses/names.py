"""Names, classifiers and addresses under which licences are known.

Source: the SPDX License List's full names, the Trove classifiers of Python
packages, and the names that Maven, npm, RPM and Debian packages write.
"""

from __future__ import annotations

import re

NAMES = {
    "0bsd": "0BSD",
    "academic free license 3.0": "AFL-3.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 1.1": "Apache-1.1",
    "apache license 2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache public license 2.0": "Apache-2.0",
    "apache software license 2": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "al2": "Apache-2.0",
    "al-2.0": "Apache-2.0",
    "attribution assurance license": "AAL",
    "blue oak model license": "BlueOak-1.0.0",
    "boost software license 1.0": "BSL-1.0",
    "boost software license": "BSL-1.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "2-clause bsd license": "BSD-2-Clause",
    "bsd-2": "BSD-2-Clause",
    "bsd2": "BSD-2-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "simplified bsd license": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "freebsd license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd (3-clause)": "BSD-3-Clause",
    "bsd (2-clause)": "BSD-2-Clause",
    "modified bsd license": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "revised bsd license": "BSD-3-Clause",
    "revised bsd": "BSD-3-Clause",
    "bsd new": "BSD-3-Clause",
    "edl 1.0": "BSD-3-Clause",
    "eclipse distribution license 1.0": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "cc0 1.0 universal public domain dedication": "CC0-1.0",
    "cddl 1.0": "CDDL-1.0",
    "cddl 1.1": "CDDL-1.1",
    "common development and distribution license 1.0": "CDDL-1.0",
    "common development and distribution license 1.1": "CDDL-1.1",
    "common public license 1.0": "CPL-1.0",
    "eclipse public license 1.0": "EPL-1.0",
    "eclipse public license 2.0": "EPL-2.0",
    "epl 1.0": "EPL-1.0",
    "epl 2.0": "EPL-2.0",
    "european union public license 1.0": "EUPL-1.0",
    "european union public license 1.1": "EUPL-1.1",
    "european union public license 1.2": "EUPL-1.2",
    "gnu affero general public license 3": "AGPL-3.0-only",
    "gnu affero general public license 3 or later": "AGPL-3.0-or-later",
    "gnu general public license 2": "GPL-2.0-only",
    "gnu general public license 2 or later": "GPL-2.0-or-later",
    "gnu general public license 2 with the classpath exception": (
        "GPL-2.0-only WITH Classpath-exception-2.0"
    ),
    "gnu general public license 2 with classpath exception": (
        "GPL-2.0-only WITH Classpath-exception-2.0"
    ),
    "gnu general public license 2 with the gnu classpath exception": (
        "GPL-2.0-only WITH Classpath-exception-2.0"
    ),
    "gpl2 w/ cpe": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gnu general public license 3": "GPL-3.0-only",
    "gnu general public license 3 or later": "GPL-3.0-or-later",
    "gnu lesser general public license 2": "LGPL-2.0-only",
    "gnu lesser general public license 2 or later": "LGPL-2.0-or-later",
    "gnu lesser general public license 2.1": "LGPL-2.1-only",
    "gnu lesser general public license 2.1 or later": "LGPL-2.1-or-later",
    "gnu lesser general public license 3": "LGPL-3.0-only",
    "gnu lesser general public license 3 or later": "LGPL-3.0-or-later",
    "gnu library general public license 2": "LGPL-2.0-only",
    "gnu library general public license 2 or later": "LGPL-2.0-or-later",
    "gpl 2": "GPL-2.0-only",
    "gpl 3": "GPL-3.0-only",
    "gpl2": "GPL-2.0-only",
    "gpl3": "GPL-3.0-only",
    "gplv2": "GPL-2.0-only",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3": "GPL-3.0-only",
    "gplv3+": "GPL-3.0-or-later",
    "gpl-2": "GPL-2.0-only",
    "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only",
    "gpl-3+": "GPL-3.0-or-later",
    "lgplv2+": "LGPL-2.0-or-later",
    "lgplv2.1": "LGPL-2.1-only",
    "lgplv2.1+": "LGPL-2.1-or-later",
    "lgplv3": "LGPL-3.0-only",
    "lgplv3+": "LGPL-3.0-or-later",
    "lgpl-2": "LGPL-2.0-only",
    "lgpl-2+": "LGPL-2.0-or-later",
    "lgpl-3": "LGPL-3.0-only",
    "lgpl-3+": "LGPL-3.0-or-later",
    "lgpl 2.1": "LGPL-2.1-only",
    "lgpl 3": "LGPL-3.0-only",
    "agplv3": "AGPL-3.0-only",
    "agplv3+": "AGPL-3.0-or-later",
    "historical permission notice and disclaimer": "HPND",
    "ibm public license": "IPL-1.0",
    "isc license": "ISC",
    "isc license iscl": "ISC",
    "miros license": "MirOS",
    "mit license": "MIT",
    "mit-license": "MIT",
    "mit no attribution license": "MIT-0",
    "expat": "MIT",
    "expat license": "MIT",
    "mozilla public license 1.0": "MPL-1.0",
    "mozilla public license 1.1": "MPL-1.1",
    "mozilla public license 2.0": "MPL-2.0",
    "mpl 1.1": "MPL-1.1",
    "mpl 2.0": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "mulan permissive software license 2": "MulanPSL-2.0",
    "open software license 3.0": "OSL-3.0",
    "postgresql license": "PostgreSQL",
    "psf license": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "q public license": "QPL-1.0",
    "sil open font license 1.1": "OFL-1.1",
    "sleepycat license": "Sleepycat",
    "unlicense": "Unlicense",
    "universal permissive license": "UPL-1.0",
    "universal permissive license 1.0": "UPL-1.0",
    "university of illinois/ncsa open source license": "NCSA",
    "vovida software license 1.0": "VSL-1.0",
    "w3c license": "W3C",
    "x.net license": "Xnet",
    "zero-clause bsd": "0BSD",
    "zlib license": "Zlib",
    "zlib/libpng license": "Zlib",
    "zope public license 2.1": "ZPL-2.1",
    "zpl 2.1": "ZPL-2.1",
}
"""Expression that a name means, by the name's key (:func:`key_of`)."""

FAMILIES = {
    "academic free license": ("AFL-",),
    "affero gpl": ("AGPL-",),
    "agpl": ("AGPL-",),
    "apache": ("Apache-",),
    "apache license": ("Apache-",),
    "apache software license": ("Apache-",),
    "apple public source license": ("APSL-",),
    "artistic license": ("Artistic-", "ClArtistic"),
    "asl": ("Apache-",),
    "bsd": ("BSD-", "0BSD"),
    "bsd license": ("BSD-", "0BSD"),
    "bsd style": ("BSD-", "0BSD"),
    "bsd-style": ("BSD-", "0BSD"),
    "bsd-like": ("BSD-", "0BSD"),
    "cddl": ("CDDL-",),
    "creative commons": ("CC-", "CC0-"),
    "dual license": ("",),
    "eclipse public license": ("EPL-",),
    "epl": ("EPL-",),
    "gnu affero general public license": ("AGPL-",),
    "gnu free documentation license": ("GFDL-",),
    "gnu general public license": ("GPL-",),
    "gnu gpl": ("GPL-",),
    "gnu lesser general public license": ("LGPL-",),
    "gnu library or lesser general public license": ("LGPL-",),
    "gpl": ("GPL-",),
    "lgpl": ("LGPL-",),
    "mozilla public license": ("MPL-",),
    "mpl": ("MPL-",),
    "open software license": ("OSL-",),
    "perl": ("Artistic-", "GPL-"),
    "perl_5": ("Artistic-", "GPL-"),
    "sil open font license": ("OFL-",),
    "zope public license": ("ZPL-",),
    "zpl": ("ZPL-",),
}
"""Beginnings of the ids that a name may mean, where it does not say which."""

ADDRESSES = {
    "apache.org/licenses/license-1.1": "Apache-1.1",
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "boost.org/license_1_0": "BSL-1.0",
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "eclipse.org/legal/epl-2.0": "EPL-2.0",
    "eclipse.org/legal/epl-v10": "EPL-1.0",
    "eclipse.org/legal/epl-v20": "EPL-2.0",
    "eclipse.org/org/documents/edl-v10": "BSD-3-Clause",
    "eclipse.org/org/documents/epl-2.0": "EPL-2.0",
    "json.org/license": "JSON",
    "mozilla.org/en-us/mpl/2.0": "MPL-2.0",
    "mozilla.org/mpl/2.0": "MPL-2.0",
    "mozilla.org/mpl/mpl-1.1": "MPL-1.1",
    "opensource.org/licenses/mit-license": "MIT",
    "unlicense.org": "Unlicense",
    "wtfpl.net": "WTFPL",
}
"""Expression that an address means, by its key (:func:`address_key`)."""

ADDRESS_FAMILIES = {
    "opensource.org/licenses/bsd-license": ("BSD-", "0BSD"),
    "gnu.org/licenses/agpl": ("AGPL-3.0",),
    "gnu.org/licenses/agpl-3.0": ("AGPL-3.0",),
    "gnu.org/licenses/gpl": ("GPL-3.0",),
    "gnu.org/licenses/gpl-3.0": ("GPL-3.0",),
    "gnu.org/licenses/lgpl": ("LGPL-3.0",),
    "gnu.org/licenses/lgpl-3.0": ("LGPL-3.0",),
    "gnu.org/licenses/old-licenses/gpl-2.0": ("GPL-2.0",),
    "gnu.org/licenses/old-licenses/lgpl-2.1": ("LGPL-2.1",),
}
"""Beginnings of the ids an address may mean: a text of the GPL does not say
whether later versions are allowed, only the package can."""

ID_FOLDERS = ("spdx.org/licenses/", "opensource.org/licenses/", "opensource.org/license/")
"""Beginnings of addresses whose last part is an SPDX id."""

REFUSALS = {
    "none": "says that there is no licence (NONE)",
    "unlicensed": "says UNLICENSED: no right to use it is given",
    "proprietary": "is not the name of a public licence",
    "proprietary license": "is not the name of a public licence",
    "other/proprietary license": "is not the name of a public licence",
    "commercial": "is not the name of a public licence",
    "public domain": "is no licence: what it allows depends on the law",
    "public-domain": "is no licence: what it allows depends on the law",
    "freeware": "is not the name of a public licence",
    "free for non-commercial use": "is not the name of a public licence",
    "all rights reserved": "gives no right to use it",
}
"""What texts say that rule a public licence out, by key."""

VAGUE = frozenset(
    {
        *("", "noassertion", "unknown", "other", "license", "custom", "n/a", "osi approved"),
        *("see license", "see license file", "license file", "license.txt", "license.md"),
        *("see license.txt", "see license.md", "see copying", "copying", "undefined", "null"),
        *(
            "unclear",
            "free software",
            "open source",
            "osi approved open source",
            "-",
            "unspecified",
        ),
    }
)
"""Texts that say nothing about which licence it is, by key."""

_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*\Z")
_VERSION = re.compile(r"\b(?:version|ver\.?|v\.?)\s*(?=\d)")
_SPACES = re.compile(r"[\s,;\"']+")
_SCHEME = re.compile(r"\Ahttps?://(?:www\.)?", re.IGNORECASE)
_ENDING = re.compile(r"(?:\.html?|\.php|\.txt|-standalone\.html|/legalcode)\Z")


def key_of(name: str) -> str:
    """The key of a licence's name: case, ``the``, commas and ``version`` do not count."""
    text = _SPACES.sub(" ", name.casefold().replace("licence", "license")).strip(" .")
    text = _VERSION.sub("", text).removeprefix("the ").removesuffix(" only")
    return text.replace("(or later)", "or later").replace("or any later", "or later").strip()


def bare_key_of(name: str) -> str:
    """The key of a name without what it ends on in parentheses: ``… (MIT)``."""
    return key_of(_PARENTHESIS.sub("", name) or name)


def address_key(text: str) -> str:
    """The key of an address, or empty where the text is none."""
    bare = _SCHEME.sub("", text)
    if bare == text or len(text.split()) != 1:
        return ""
    bare = bare.partition("#")[0].partition("?")[0].rstrip("/").casefold()
    return _ENDING.sub("", bare)
