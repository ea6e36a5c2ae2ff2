using System.Globalization;
using System.Runtime.InteropServices;

namespace Roost.Tests.Support;

/// <summary>What a process asks of the disk; the numbers are those of Native/faults.c.</summary>
[Flags]
internal enum DiskCalls
{
    Write = 1,
    Sync = 2,
    Truncate = 4,
    Open = 8,
    Read = 16,
    Unlink = 32,
}

/// <summary>Of which file; the copy is a backup that is being made.</summary>
[Flags]
internal enum DiskFiles
{
    Database = 1,
    Log = 2,
    Index = 4,
    Copy = 8,
    Stored = Database | Log,
    All = Stored | Index,
}

/// <summary>
/// Of these calls on these files, those numbered from <paramref name="At"/> on fail, so many in a row; or the first of them kills the process.
/// </summary>
internal sealed record Fault(DiskCalls Calls, DiskFiles Files, int At, int Count = 1, bool Full = false, bool Short = false, bool Kills = false)
{
    /// <summary>The numbers of EIO and ENOSPC on Linux.</summary>
    public int Error => Full ? 28 : 5;

    public static Fault Parse(string[] words) =>
        new(
            Enum.Parse<DiskCalls>(words[0]),
            Enum.Parse<DiskFiles>(words[1]),
            int.Parse(words[2], null),
            int.Parse(words[3], null),
            words[4] == "ENOSPC",
            words[5] == "short",
            words[5] == "kill"
        );

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Words(Calls)} {Words(Files)} {At} {Count} {(Full ? "ENOSPC" : "EIO")} {(Kills ? "kill" : Short ? "short" : "whole")}"
        );

    private static string Words<T>(T flags) where T : struct, Enum => flags.ToString().Replace(", ", ",", StringComparison.Ordinal);
}

/// <summary>The library of Native/faults.c from within the process into which it is preloaded.</summary>
internal sealed class FaultDisk
{
    private readonly Arming arm;
    private readonly Counting disarm, failed, seen;
    private readonly Naming forget;
    private readonly Ending cut;

    public FaultDisk()
    {
        nint library = NativeLibrary.Load(Environment.GetEnvironmentVariable("LD_PRELOAD")!);
        arm = Function<Arming>("faults_arm");
        disarm = Function<Counting>("faults_disarm");
        failed = Function<Counting>("faults_failed");
        seen = Function<Counting>("faults_seen");
        forget = Function<Naming>("faults_forget");
        cut = Function<Ending>("faults_cut");

        T Function<T>(string name) where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
    }

    private delegate void Arming(int calls, int files, nint at, nint count, int error, int how);

    private delegate nint Counting();

    private delegate void Naming([MarshalAs(UnmanagedType.LPUTF8Str)] string log);

    private delegate void Ending();

    /// <summary>How many calls have failed since it was armed.</summary>
    public long Failed => failed();

    /// <summary>How many calls were looked at since it was armed.</summary>
    public long Seen => seen();

    public void Arm(Fault fault) => arm((int)fault.Calls, (int)fault.Files, fault.At, fault.Count, fault.Error, fault.Kills ? 2 : fault.Short ? 1 : 0);

    /// <summary>All is well again; answers how many calls have failed.</summary>
    public long Disarm() => disarm();

    /// <summary>From here on, pages of the log whose sync failed stay readable and are not on the disk.</summary>
    public void Forget(string log) => forget(log);

    /// <summary>The power goes.</summary>
    public void Cut() => cut();
}
