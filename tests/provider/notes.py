"""A small resource of the tests: a note in a file. As a program it is a plugin with this one type."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from meridian.provider.errors import ProviderError
from meridian.provider.handler import Failure, Found, Handler, Inputs, Made, Outputs, Plan

TOKEN = "meridian:test:Note"


class Seal(BaseModel):
    password: SecretStr = Field(alias="password")


class NoteInputs(Inputs):
    folder_path: str
    title: str = Field(min_length=1, max_length=20)
    text: SecretStr
    seal: Seal | None = None


class Notes(Handler[NoteInputs]):
    token = TOKEN
    inputs = NoteInputs
    fixed = frozenset({"title"})
    plans_from = frozenset({"title", "text"})
    secret_outputs = frozenset({"copy"})
    unknown_outputs = frozenset({"copy", "size"})

    def check(self, news: NoteInputs) -> list[Failure]:
        return [Failure("title", "notes have no slash")] if "/" in news.title else []

    def plan(self, old: NoteInputs | None, new: NoteInputs, outputs: Outputs) -> Plan:
        verb = "write" if old is None else "write again"
        return Plan(
            {"size": len(new.text.get_secret_value())}, [f"{verb} {new.title}", new.text.get_secret_value()]
        )

    def create(self, new: NoteInputs) -> Made:
        text = new.text.get_secret_value()
        if "boom" in text:
            raise ProviderError(f"text {text}", "it explodes", "write of something else")
        (Path(new.folder_path) / new.title).write_text(text)
        return Made(new.title, {"size": len(text), "copy": text})

    def read(self, id: str, inputs: NoteInputs | None, outputs: Outputs) -> Found[NoteInputs] | None:
        folder = inputs.folder_path if inputs else str(outputs.get("folderPath", ""))
        path = Path(folder) / id
        if not path.exists():
            return None
        text = path.read_text()
        found = NoteInputs(
            folderPath=folder, title=id, text=SecretStr(text), seal=inputs.seal if inputs else None
        )
        return Found(id, {"size": len(text), "copy": text}, found)

    def update(self, id: str, old: NoteInputs, new: NoteInputs, outputs: Outputs) -> Outputs:
        return self.create(new).outputs

    def delete(self, id: str, inputs: NoteInputs, outputs: Outputs) -> None:
        (Path(inputs.folder_path) / id).unlink(missing_ok=True)


if __name__ == "__main__":
    from meridian.provider.process import run

    run({TOKEN: Notes})
