"""The query protocol of Elastic Load Balancing: a form and XML, read into what the JSON services send.

What the model does not know is reported, not dropped. See validate.py, which uses it.
"""

import urllib.parse
import xml.etree.ElementTree as xml


def from_form(shape, text, operation, problems):
    """The members of a request, from its form body."""
    request = {}
    fields = urllib.parse.parse_qsl(text, keep_blank_values=True)
    names = dict(fields)
    if names.get("Action") != operation:
        problems.append(f"request: the form's Action is {names.get('Action')}")
    for name, value in fields:
        if name not in ("Action", "Version"):
            place(shape, request, name.split("."), value, f"request.{name}", problems)
    return request


def place(shape, target, steps, value, path, problems):
    name, rest = steps[0], steps[1:]
    member = getattr(shape, "members", {}).get(name)
    if member is None:
        problems.append(f"{path}: unknown member of {shape.name}")
    elif member.type_name == "list":
        entry = member.member.serialization.get("name", "member")
        if len(rest) < 2 or rest[0] != entry or not rest[1].isdigit():
            problems.append(f"{path}: not {name}.{entry}.N")
            return
        items = target.setdefault(name, [])
        index = int(rest[1]) - 1
        if index == len(items):
            items.append({} if rest[2:] else value)
        elif not 0 <= index < len(items):
            problems.append(f"{path}: the list's members are out of order")
            return
        if rest[2:]:
            place(member.member, items[index], rest[2:], value, path, problems)
    elif member.type_name == "structure" and rest:
        place(member, target.setdefault(name, {}), rest, value, path, problems)
    elif rest:
        problems.append(f"{path}: a {member.type_name} has no members")
    else:
        target[name] = value


def from_xml(shape, text, operation, problems):
    """The members of an answer, from its XML."""
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        problems.append(f"response: not XML: {error}")
        return None
    if local(root) != f"{operation.name}Response":
        problems.append(f"response: the root element is {local(root)}")
        return None
    wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
    if wrapper is None:
        return {}
    results = [child for child in root if local(child) == wrapper]
    if len(results) != 1:
        problems.append(f"response: {len(results)} elements {wrapper}")
        return None
    return value_of(shape, results[0])


def error_from_xml(text):
    """An error's code and message, as the JSON services would send them."""
    try:
        root = xml.fromstring(text)
    except xml.ParseError:
        return None
    error = next((element for element in root.iter() if local(element) == "Error"), None)
    if error is None:
        return None
    fields = {local(child): child.text or "" for child in error}
    return {"__type": fields.get("Code", ""), "message": fields.get("Message", "")}


def value_of(shape, element):
    children = list(element)
    if shape is None:
        return element.text or ""
    if shape.type_name == "list":
        entry = shape.member.serialization.get("name", "member")
        if any(local(child) != entry for child in children):
            return {local(child): child.text for child in children}  # validate.py says that it is not a list
        return [value_of(shape.member, child) for child in children]
    if shape.type_name == "structure":
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        return {local(child): value_of(names.get(local(child)), child) for child in children}
    return element.text or ""


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def scalar(expected, text):
    """A number or truth value from its text; the text itself where it is neither."""
    if expected == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        if expected in ("integer", "long"):
            return int(text)
        if expected in ("float", "double"):
            return float(text)
    except ValueError:
        pass
    return text
