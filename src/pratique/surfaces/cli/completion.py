"""``pratique completion``."""

from __future__ import annotations

import sys
from argparse import REMAINDER
from typing import TYPE_CHECKING

from pratique.model.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

BASH = """\
# Completion of pratique for bash. In ~/.bashrc:  eval "$(pratique completion bash)"
_pratique() {
    local word
    COMPREPLY=()
    while IFS=$'\\t' read -r word _; do
        COMPREPLY+=("$word")
    done < <("$1" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _pratique pratique
"""

ZSH = """\
#compdef pratique
# Completion of pratique for zsh. In ~/.zshrc, after compinit:  eval "$(pratique completion zsh)"
_pratique() {
    local -a found
    found=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -z "${found[1]}" ]]; then
        _files
        return
    fi
    found=("${(@)found//:/\\\\:}")
    found=("${(@)found/$'\\t'/:}")
    _describe -V pratique found
}
if [[ "${funcstack[1]}" == "_pratique" ]]; then _pratique "$@"; else compdef _pratique pratique; fi
"""

FISH = """\
# Completion of pratique for fish:
#   pratique completion fish > ~/.config/fish/completions/pratique.fish
function __pratique_words
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l begun (commandline --current-token --cut-at-cursor)
    set -l found ($words[1] completion words -- $words[2..] "$begun" 2>/dev/null)
    if test (count $found) -eq 0
        __fish_complete_path "$begun"
    else
        printf '%s\\n' $found
    end
end
complete --command pratique --no-files --keep-order --arguments '(__pratique_words)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
"""Of shells that ask the program itself for what may come next, by ``completion words``."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=(*SCRIPTS, "words"),
        help="which shell; 'words' is what the scripts ask: what may follow",
    )
    parser.add_argument("line", nargs=REMAINDER, help="of 'words': the command line so far")


def _run(options: Namespace) -> int:
    if options.shell == "words":
        from pratique.surfaces.cli.candidates import candidates

        words = options.line[1:] if options.line[:1] == ["--"] else options.line
        for one in candidates(words):
            sys.stdout.write(f"{one.word}\t{one.help}\n" if one.help else f"{one.word}\n")
        return 0
    sys.stdout.write(SCRIPTS[options.shell])
    return 0


completion = Command(
    description="Print the completion script of a shell. It completes commands, options and their "
    "values, and files elsewhere.",
    epilogue="""\
examples:
  eval "$(pratique completion bash)"       in ~/.bashrc
  eval "$(pratique completion zsh)"        in ~/.zshrc, after compinit
  pratique completion fish > ~/.config/fish/completions/pratique.fish
""",
    configure=_configure,
    run=_run,
)
