"""The JSON Schema of `portalwatch.yml`."""

from typing import Any

from monitor.settings import Settings
from monitor.yaml_file import SECRET_KEYS
from probes import load_probe_kinds


def configuration_schema() -> dict[str, Any]:
    """The schema of the settings, with the keys that a probe's kind adds and the `*_file` form of secrets."""
    schema = Settings.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    kinds = []
    for name, kind in load_probe_kinds().items():
        model = kind.settings.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(model.pop("$defs", {}))
        model["properties"]["kind"] = {"const": name}
        del model["properties"]["name"]
        model["required"] = [key for key in model.get("required", []) if key != "name"]
        definitions[f"probe_{name}"] = model
        kinds.append({"$ref": f"#/$defs/probe_{name}"})
    schema["properties"]["probes"] = {
        "type": "object",
        "description": "what is measured, by name",
        "additionalProperties": {"oneOf": kinds},
    }
    for model in [schema, *definitions.values()]:
        _allow_files(model)
    schema["title"] = "portalwatch.yml"
    return schema


def _allow_files(model: dict[str, Any]) -> None:
    """Every secret may stand in a file of its own: `password_file` for `password`."""
    properties = model.get("properties", {})
    for key in SECRET_KEYS & properties.keys():
        properties[f"{key}_file"] = {"type": "string", "description": f"file that holds {key}"}
        if key in model.get("required", []):
            model["required"] = [one for one in model["required"] if one != key]
            either = {"oneOf": [{"required": [key]}, {"required": [f"{key}_file"]}]}
            model.setdefault("allOf", []).append(either)
