using System.Diagnostics;

namespace Roost.Tests.Support;

/// <summary>
/// Points in the code of a user, numbered as a process comes to them: it dies by SIGKILL at the one that it was told. In a process that was told none,
/// nothing happens at them.
/// </summary>
internal static class Points
{
    private static int fatal, reached;

    /// <summary>Later than any: the process says each that it comes to, and lives.</summary>
    public const int None = int.MaxValue;

    /// <summary>What begins a line that says a point, and the one that says the last.</summary>
    public const string At = "at ", DiedAt = "died at ";

    /// <summary>From here on this process says its points, and is killed at this one.</summary>
    public static void KillAt(int number) => fatal = number;

    public static void Reach(string name)
    {
        if (fatal == 0) return;
        int number = Interlocked.Increment(ref reached);
        ChildProgram.Say(At + name);
        if (number != fatal) return;
        ChildProgram.Say(DiedAt + name); // Others may come to theirs meanwhile.
        Process.GetCurrentProcess().Kill();
    }
}
