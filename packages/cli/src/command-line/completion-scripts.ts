// Completion scripts of the shells. Each one asks `sallyport __complete` with the words typed so far and takes one candidate a line; a
// line `:files` asks the shell to complete file names itself.

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# Completion for bash. To use it now: source <(sallyport completion bash)
_sallyport() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    elif [[ -n $line ]]; then
      COMPREPLY+=("$(printf '%q' "$line")")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _sallyport sallyport
`;

const ZSH = `#compdef sallyport
# Completion for zsh. To use it now: source <(sallyport completion zsh)
_sallyport() {
  local line
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
    elif [[ -n $line ]]; then
      candidates+=("$line")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && compadd -a candidates
}
if [[ \${funcstack[1]} == _sallyport ]]; then
  _sallyport "$@"
else
  compdef _sallyport sallyport
fi
`;

const FISH = `# Completion for fish. To use it now: sallyport completion fish | source
function __sallyport_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c sallyport -f -a '(__sallyport_complete)'
`;

/** The script of a shell. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
