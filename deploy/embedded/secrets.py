"""Secrets of the embedded run: made once, kept for ever, never made anew over existing data."""

from collections.abc import Callable
from pathlib import Path

from deploy.trouble import Trouble


def ensure(data: Path) -> None:
    """Make the vault's secrets and the gateway's keys, if this folder is new."""
    for name, make in (("vault.json", _vault), ("signing.json", _signing)):
        if not (data / name).exists():
            _once(data, name, make)
    if not (data / "jwks.json").exists():
        from chassis.tokens import Signer  # noqa: PLC0415 - only a new folder needs cryptography

        Signer.open(data / "signing.json").publish(data / "jwks.json")


def _once(data: Path, name: str, make: Callable[[Path], object]) -> None:
    if (data / "postgres").exists() and name == "vault.json":
        raise Trouble(
            f"{data / name} 不见了：请从备份恢复，没有它就无法读取已加密的个人信息",
            f"{data / name} is missing: restore it from a backup, "
            "without it personal data cannot be read",
        )
    # Beside its place first: a torn file must never be taken for a secret.
    draft = data / f"{name}.new"
    draft.unlink(missing_ok=True)
    make(draft)
    draft.rename(data / name)


def _vault(path: Path) -> object:
    from chassis.vault import Vault  # noqa: PLC0415 - only a new folder needs cryptography

    return Vault.make(path)


def _signing(path: Path) -> object:
    from chassis.tokens import Signer  # noqa: PLC0415 - only a new folder needs cryptography

    return Signer.make(path)
