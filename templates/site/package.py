# Recipe for Spack 1.0 or later: packages/nf_escrow/package.py in a repository of the site.
import platform

from spack_repo.builtin.build_systems.generic import Package

from spack.package import *


class NfEscrow(Package):
    """Delivers secrets to Nextflow runs and removes them when the run ends."""

    homepage = "@HOMEPAGE@"

    license("Apache-2.0")

    _sha256 = {
        "@VERSION@": {
            "x64": "@SHA256_X64@",
            "arm64": "@SHA256_ARM64@",
        },
    }
    _architectures = {"x86_64": "x64", "aarch64": "arm64"}

    # The tarball contains Node.js and a compiled SQLite.
    for _version, _sums in _sha256.items():
        _architecture = _architectures.get(platform.machine())
        if _sums.get(_architecture):
            version(
                _version,
                sha256=_sums[_architecture],
                url="@HOMEPAGE@/releases/download/v{0}/nf-escrow-{0}-linux-{1}.tar.gz".format(
                    _version, _architecture
                ),
            )

    conflicts("platform=darwin")
    conflicts("platform=windows")

    depends_on("nextflow@24.10:", type="run")

    sanity_check_is_file = ["bin/nf-escrow", "node/bin/node"]

    def install(self, spec, prefix):
        install_tree(".", prefix)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_version(self):
        Executable(self.prefix.bin.join("nf-escrow"))("--version")
