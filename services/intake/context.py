"""What many use cases of intake need beside the database."""

from dataclasses import dataclass

from services.intake.keyed_hashes import KeyedHashes
from services.intake.rules.gazetteer import Gazetteer
from shared.privacy.vault import Vault


@dataclass(frozen=True, slots=True)
class Context:
    gazetteer: Gazetteer
    vault: Vault
    hashes: KeyedHashes
