"""Wikitext becomes prose; the nested and the unbalanced do not swallow their neighbours."""

import pytest

from llama_edu.data.clean.wikitext import drop_tail_sections, strip_wikitext

CASES = {
    "nested template": ("a {{x|{{y|1}}|z={{w}}}} b", "a  b"),
    "template with words": ("{{convert|5|km|mi}}, {{lang|fr|mot}}", "5 km, mot"),
    "self-closing ref": ("a<ref name=b/> kept <ref>gone</ref> c", "a kept  c"),
    "ref with a slash": ('a<ref name="x" group=n>http://a/b</ref> b', "a b"),
    "piped link": ("[[letter (alphabet)|letters]] of [[A]]", "letters of A"),
    "file with a linked caption": ("[[File:a.jpg|thumb|A [[cat]] and [[B|b]].]]Text", "Text"),
    "link in a template in a file": ("[[File:a|A {{lang|ja|[[wikt:b|b]]}}.]]Text", "Text"),
    "link in a template": ("the {{lang|ja|[[b c|sign]]}}", "the sign"),
    "file with brackets in its caption": (
        "[[File:a.jpg|An [old] [http://a.b c] [[cat]]]]Text",
        "Text",
    ),
    "category": ("Text\n[[Category:Letters]]", "Text"),
    "category as a link": ("in [[:Category:Letters]]", "in Category:Letters"),
    "web link": ("see [http://a.org/b the page] [http://a.org]", "see the page"),
    "table": ('a\n{| class="x"\n|-\n| b || c\n{|\n| d\n|}\n|}\ne', "a\n\ne"),
    "template that looks like a table's end": ("{{a|b|}}\ntext {{c|}} more", "text  more"),
    "bold and italic": ("'''A''' is ''the'' '''''first''''' man's", "A is the first man's"),
    "comment": ("a<!-- [[b]] {{c -->d", "ad"),
    "empty brackets": ("Aristotle ({{IPA-el|x}}; {{birth|1}}) was", "Aristotle was"),
    "bracket that begins with a comma": ("Anna ({{lang-ru|Анна}}, 1889–1966)", "Anna (1889–1966)"),
    "entity twice": ("5&amp;nbsp;km &lt; 6", "5\u00a0km < 6"),
    "unbalanced": ("a {{b\n\nc [[d", "a b\n\nc d"),
    "inequality": ("x < y and y > z", "x < y and y > z"),
    "list": ("* one\n** two\n# three", "one\ntwo\nthree"),
    "redirect": ("#REDIRECT [[A]]", ""),
    "a reference never closed": ("A.<ref>b C.<ref>x</ref> D.", "A.b C. D."),
    "a reference never closed at the end": ("A.<ref name=x>b\n\nC.", "A.b\n\nC."),
    "> in an attribute": ('a<ref name="x>y">gone</ref> b', "a b"),
    "a parameter with a default": ("a {{{p|d}}} b {{{q}}} c {{{r|}}}", "a d b  c"),
    "a parameter in a template": ("a {{lang|fr|{{{1|mot}}}}} b", "a mot b"),
    "a template in a parameter": ("a {{{1|{{lang|fr|mot}}}}} b", "a mot b"),
    "a template that names a parameter": ("a {{x|{{{1}}}}} b {{y}}", "a  b"),
    "a template never closed in a link": ("[[A|b {{c]] d", "b c d"),
    "a link never closed in a template": ("{{x|[[a}} b", "b"),
    "a table never closed": ("a\n{|\n| b\nc", "a\n\n| b\nc"),
    "closers alone": ("a }} b ]] c\n|}\nd", "a  b  c\n\nd"),
    "a heading with many spaces": (f"a\n=={' ' * 3000}b{' ' * 3000}==\nc", "a\n\nb\n\nc"),
    "unequal headings": ("=== a ==\nb", "= a\n\nb"),
    "no wikitext": ("a <nowiki>[[x]] {{y}} ''z''</nowiki> b <nowiki>c", "a [[x]] {{y}} ''z'' b c"),
    "no wikitext at the start of a line": ("<nowiki>* ----</nowiki>", "* ----"),
    "a line across": ("a\n----\nb\n-----c", "a\n\nb\nc"),
    "a link to write to": ("[mailto:a@b.org write] [mailto:a@b.org]", "write"),
    "what templates alone show": ("<includeonly>a</includeonly><noinclude>b</noinclude>c", "bc"),
    "templates of spaces and dashes": (
        "5{{nbsp}}km, 1914{{snd}}1918, a{{·}}b",
        "5\u00a0km, 1914\u00a0– 1918, a\u00a0· b",
    ),
    "an icon of the page": ("<indicator name=x>[[File:a]]</indicator>text", "text"),
    "form feeds": ("a\x0cb", "a\x0cb"),
}


@pytest.mark.parametrize(("text", "prose"), CASES.values(), ids=CASES)
def test_markup_becomes_prose(text, prose):
    assert strip_wikitext(text) == prose


def test_tail_sections_go_with_what_is_nested_in_them():
    page = "a\n==Life==\nb\n==References==\nc\n===Books===\nd\n==Legacy==\ne\n== See also ==\nf"
    assert drop_tail_sections(page) == "a\n==Life==\nb\n==Legacy==\ne\n"
