"""What a Dockerfile takes from its build context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers import dockerfile


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        pytest.param("", [], id="an empty file"),
        pytest.param("FROM scratch\nRUN make\n", [], id="nothing is copied"),
        pytest.param("COPY . /app", ["."], id="everything, and no last newline"),
        pytest.param("COPY\t. /app\n", ["."], id="a tab behind the instruction"),
        pytest.param("COPY .\t/app\n", ["."], id="a tab between the words"),
        pytest.param("  copy  a   b  c  \n", ["a", "b"], id="lower case, indented"),
        pytest.param("Add a b\n", ["a"], id="ADD"),
        pytest.param("COPY a b\r\nCOPY c d\r\n", ["a", "c"], id="CRLF"),
        pytest.param("\ufeffCOPY a b\n", ["a"], id="a byte order mark"),
        pytest.param("COPY ./a//b/ ../c /d /x\n", ["a/b", "c", "d"], id="paths are cleaned and stay inside"),
        pytest.param("COPY / ./ .. /x\n", [".", ".", "."], id="the root in other words"),
        pytest.param("COPY a\n", [], id="a destination only"),
        pytest.param("COPY\n", [], id="no words"),
        pytest.param("COPY $A ${B}/c x*/? /d\n", ["$A", "${B}/c", "x*/?"], id="variables and wildcards stay"),
        pytest.param("COPY \"a\" 'b' /c\n", ["a", "b"], id="quotes"),
        pytest.param("COPY c:\\a d\n", ["c:\\a"], id="a Windows path"),
        # flags
        pytest.param("COPY --from=builder /venv /venv\n", [], id="from a stage"),
        pytest.param("COPY --chown=a:b --from=0 x y\n", [], id="from a stage, second flag"),
        pytest.param("COPY --chown=a:b --link --chmod=755 x y\n", ["x"], id="other flags"),
        pytest.param("COPY --link\t--chown=a\tx y\n", ["x"], id="tabs between flags"),
        pytest.param("COPY --exclude=*.pyc . /a\n", ["."], id="with an exclusion"),
        pytest.param("COPY x --from=y z\n", ["x", "--from=y"], id="a flag behind the first word is a word"),
        # JSON
        pytest.param('COPY ["a b", "c", "/d/"]\n', ["a b", "c"], id="JSON"),
        pytest.param('COPY --chown=a ["a b", "/d/"]\n', ["a b"], id="JSON behind a flag"),
        pytest.param('COPY --from=a ["a b", "/d/"]\n', [], id="JSON from a stage"),
        pytest.param('COPY [ \\\n "a", \\\n "b" \\\n]\n', ["a"], id="JSON on several lines"),
        pytest.param('COPY [ "a" "b"\n', ["[", "a"], id="no JSON, so words"),
        pytest.param("COPY [1, 2] x\n", ["[1,", "2]"], id="JSON and more"),
        pytest.param("COPY [1]\n", [], id="JSON of something else"),
        pytest.param("COPY " + "[" * 100_000 + "\n", [], id="JSON that is too deep"),
        # elsewhere
        pytest.param("ADD https://a/b git@github.com:a/b.git c /d\n", ["c"], id="addresses"),
        pytest.param("ONBUILD COPY . /app\n", [], id="ONBUILD copies in another build"),
        pytest.param("FROM a\n# COPY x y\nLABEL a=COPY\nRUN COPY x y\n", [], id="the word elsewhere"),
        # lines
        pytest.param("COPY a \\\n b \\\n  c\nCOPY d e\n", ["a", "b", "d"], id="continued"),
        pytest.param("COPY a\\\nb c\n", ["ab"], id="continued within a word"),
        pytest.param("COPY a \\  \t\n b\n", ["a"], id="blanks behind the backslash"),
        pytest.param("COPY a \\\r\n b\r\n", ["a"], id="continued with CRLF"),
        pytest.param("COPY a \\\n# why\n   # why\n\n\t\n b\n", ["a"], id="comments and empty lines between"),
        pytest.param("\\\nCOPY a b\n", ["a"], id="a line that is only continued"),
        pytest.param("RUN x \\\\\nCOPY a b\n", ["a"], id="two backslashes continue nothing"),
        pytest.param("COPY a \\", [], id="unterminated, without a destination"),
        pytest.param("COPY a b \\", ["a"], id="unterminated"),
        pytest.param("COPY a b \\\n# c", ["a"], id="unterminated before a comment"),
        pytest.param("# COPY a b \\\nCOPY c d\n", ["c"], id="a comment is not continued"),
        pytest.param("# escape=`\nCOPY a\\ `\n b c\n", ["a\\", "b"], id="escape directive"),
        pytest.param("#syntax=x\n#  Escape = ` \nRUN x `\nCOPY a b\n", [], id="escape directive, second"),
        pytest.param("# escape=\\\nCOPY a \\\n b\n", ["a"], id="escape directive, backslash"),
        pytest.param("# syntax=x", [], id="a directive alone"),
        pytest.param("# a comment\n# escape=`\nCOPY a \\\n b\n", ["a"], id="escape behind a comment is none"),
        pytest.param("FROM x\n# escape=`\nCOPY a \\\n b\n", ["a"], id="escape behind an instruction is none"),
        # heredocs
        pytest.param("RUN <<EOF\nCOPY x y\nEOF\nCOPY a b\n", ["a"], id="heredoc"),
        pytest.param("COPY <<EOF x /d\nCOPY x y\nEOF\nCOPY a b\n", ["x", "a"], id="heredoc among sources"),
        pytest.param("RUN cat << EOF > x\nCOPY x y\nEOF\nCOPY a b\n", ["a"], id="a blank before the word"),
        pytest.param("RUN 3<<'E' <<\"F\" x\nCOPY x y\nE\nCOPY x y\nF\nCOPY a b\n", ["a"], id="two, quoted"),
        pytest.param("COPY <<-A /x\n\tCOPY x y\n\tA\nCOPY a b\n", ["a"], id="indented by tabs"),
        pytest.param("RUN <<A\n\tA\n A\nA\nCOPY a b\n", ["a"], id="its end is not indented"),
        pytest.param("RUN <<A\r\nCOPY x y\r\nA\r\nCOPY a b\r\n", ["a"], id="heredoc with CRLF"),
        pytest.param("RUN <<A\nx \\\nA\nCOPY a b\n", ["a"], id="nothing is continued in it"),
        pytest.param("ONBUILD RUN <<A\nCOPY x y\nA\nCOPY a b\n", ["a"], id="of ONBUILD"),
        pytest.param("RUN --mount=x <<A\nCOPY x y\nA\nCOPY a b\n", ["a"], id="behind a flag"),
        pytest.param("RUN <<A\nCOPY x y\n", [], id="unterminated heredoc"),
        pytest.param('RUN ["<<A"]\nCOPY a b\n', ["a"], id="none in JSON"),
        pytest.param("CMD <<A\nCOPY a b\n", ["a"], id="none of CMD"),
        pytest.param("RUN echo '<<A' \\<<A \"<<A\"\nCOPY a b\n", ["a"], id="none in quotes"),
        pytest.param("RUN x <<< y $((1<<A)) << \nCOPY a b\n", ["a"], id="none in arithmetic or a here-string"),
        pytest.param("RUN it's <<A\nCOPY a b\n", ["a"], id="none beside an open quote"),
    ],
)
def test_what_is_copied(text: str, sources: list[str]) -> None:
    assert dockerfile.copied(text) == sources


WORDS = [
    "COPY",
    "ADD",
    "RUN",
    "ONBUILD",
    "<<A",
    "<<-A",
    "A",
    "\\",
    "`",
    "#",
    "[",
    '"',
    "'",
    "--from=a",
    "escape=`",
    ".",
]


@given(st.lists(st.sampled_from([*WORDS, " ", "\n", "\t", "\r\n", "\0", "\ud800", '["a"]'])).map("".join) | st.text())
def test_whatever_is_in_it_it_is_read(text: str) -> None:
    for source in dockerfile.copied(text):
        assert source
        assert not source.startswith(("/", "../"))


def test_a_megabyte_of_anything_is_read() -> None:
    for piece in ("<< ", "\\\n", "COPY a \\\n", "RUN <<A\n", "[", '"', "COPY " + "a " * 50 + "\n"):
        dockerfile.copied(piece * (1_000_000 // len(piece)))
