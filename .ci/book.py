"""Completes the book that mdBook built, and follows its links.

usage: book.py FOLDER

The pages link to files of the repository that are no pages, such as ../template.yaml. Those are copied to where the
links lead. mdBook writes `.html` for `.md` in every link, also of those files: that is put back. Then every link of
every page has to lead to a file, and to an anchor in it.
"""

import html.parser
import pathlib
import re
import shutil
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and tag in ("a", "img", "link", "script"):
                self.links.append(value)


def leads_to(page, link):
    """The file and the anchor of a link within the book, or None."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = urllib.parse.unquote(parts.path)
    return (page if not path else (page.parent / path).resolve()), urllib.parse.unquote(parts.fragment)


def complete(book):
    """Copies what is linked to and is no page."""
    pages = book / "docs"
    for page in sorted(pages.rglob("*.html")):
        text = page.read_text()
        for link in Page(text).links:
            place = leads_to(page, link)
            if place is None or place[0].is_relative_to(pages):
                continue
            if not place[0].is_relative_to(book):
                sys.exit(f"{page}: {link} leads out of the repository")
            inside = place[0].relative_to(book)
            source = pathlib.Path(inside)
            if not source.exists() and inside.suffix == ".html":
                source = inside.with_suffix(".md")
                wrong = re.compile(re.escape(link.split("#")[0]) + r"(?=[\"#])")
                text = wrong.sub(link.split("#")[0].removesuffix(".html") + ".md", text)
                page.write_text(text)
            target = book / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                shutil.copyfile(source, target)
            else:
                sys.exit(f"{page}: {link} leads nowhere")


def follow(book):
    pages = {path.resolve(): Page(path.read_text()) for path in (book / "docs").rglob("*.html")}
    bad, count = [], 0
    for path, page in pages.items():
        for link in page.links:
            place = leads_to(path, link)
            if place is None:
                continue
            count += 1
            target, anchor = place
            if not target.exists():
                bad.append(f"{path}: {link} leads nowhere")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                bad.append(f"{path}: {link} has no such anchor")
    for line in bad:
        print(line)
    print(f"{len(pages)} pages, {count} links, {len(bad)} of them broken")
    return not bad


def main():
    book = pathlib.Path(sys.argv[1]).resolve()
    complete(book)
    sys.exit(not follow(book))


main()
