namespace Roost.Commands;

/// <summary>What the command ends with.</summary>
public static class ExitCodes
{
    /// <summary>It was done.</summary>
    public const int Ok = 0;

    /// <summary>It went wrong: the file, the disk, an unexpected failure.</summary>
    public const int Error = 1;

    /// <summary>The command line or a value in it is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>There is no such item, version, artifact or database.</summary>
    public const int NotFound = 3;

    /// <summary>What was asked does not fit the state that things are in.</summary>
    public const int Conflict = 4;

    /// <summary>The work that was waited for has failed or was cancelled.</summary>
    public const int WorkFailed = 5;

    /// <summary>The time of <c>wait</c> is over.</summary>
    public const int TimedOut = 124;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;
}
