using System.CommandLine;

namespace Roost.Cli.Verbs;

/// <summary>A script that lets a shell ask this command what may come next.</summary>
internal sealed class CompletionVerb : Verb
{
    private const string Bash =
        """
        _roost() {
          local IFS=$'\n' word="${COMP_WORDS[COMP_CWORD]}"
          COMPREPLY=($(compgen -W "$(roost "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "$word"))
        }
        complete -o default -F _roost roost
        """;

    private const string Zsh =
        """
        #compdef roost
        _roost() {
          local -a found
          found=("${(@f)$(roost "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null)}")
          compadd -a found
        }
        compdef _roost roost
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
