using System.CommandLine;

namespace Roost.Commands.Verbs;

/// <summary>A script that lets a shell ask this command what may come next.</summary>
internal sealed class CompletionVerb : Verb
{
    private const string Bash =
        """
        _roost() {
          # bash breaks words at colons, too: what is typed before the last one is not given back.
          local line="${COMP_LINE:0:COMP_POINT}" word="${COMP_WORDS[COMP_CWORD]}" each
          local typed="${line##* }"
          [[ $word == [:=] ]] && word=
          COMPREPLY=()
          while IFS= read -r each; do
            [[ $each == "$typed"* ]] && COMPREPLY+=("${each#"${typed%"$word"}"}")
          done < <(roost "[suggest:${#line}]" "$line" 2>/dev/null)
        }
        complete -o default -F _roost roost
        """;

    private const string Zsh =
        """
        #compdef roost
        _roost() {
          local -a found
          found=("${(@f)$(roost "[suggest:${#LBUFFER}]" "$LBUFFER" 2>/dev/null)}")
          compadd -a found
        }
        if [ "$funcstack[1]" = "_roost" ]; then _roost "$@"; else compdef _roost roost; fi
        """;

    private const string Fish =
        """
        complete -c roost -f -a '(roost "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    private const string Pwsh =
        """
        Register-ArgumentCompleter -Native -CommandName roost -ScriptBlock {
            param($word, $line, $position)
            roost "[suggest:$position]" "$line" 2>$null | Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    private readonly Argument<string> shell = new("shell") { Description = "bash, zsh, fish or pwsh." };

    public CompletionVerb() : base("completion", "Print a completion script, such as for: source <(roost completion bash)")
    {
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        Take(shell);
    }

    protected override Task<int> RunAsync(Call call)
    {
        call.Print.Line(call.Get(shell) switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish, _ => Pwsh });
        return Task.FromResult(ExitCodes.Ok);
    }
}
