using System.Buffers.Binary;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>What Native/power.c writes down.</summary>
internal enum PowerCall
{
    Created = 1,
    Written,
    Truncated,
    SyncBegun,
    SyncEnded,
    Linked,
    Renamed,
    Unlinked,
    Said,
}

/// <summary>One record: <paramref name="At"/> is an offset, a length, or for the end of a sync the number of the record of its beginning.</summary>
internal readonly record struct PowerRecord(PowerCall Call, int File, long At, ReadOnlyMemory<byte> Data)
{
    public string Text => Encoding.UTF8.GetString(Data.Span);
}

/// <summary>What a child process did to the files of its database and what it said, in one order.</summary>
internal sealed class PowerRecording
{
    private const int HeaderBytes = 24;
    private const string Database = "roost.db";
    private const string Given = "ROOST_POWER_RECORDING";

    private readonly List<PowerRecord> records = [];
    private readonly byte[] bytes;

    private PowerRecording(string log)
    {
        bytes = File.ReadAllBytes(log);
        for (int at = 0; at < bytes.Length;)
        {
            ReadOnlySpan<byte> header = bytes.AsSpan(at, HeaderBytes);
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
            records.Add(
                new(
                    (PowerCall)BinaryPrimitives.ReadInt32LittleEndian(header),
                    BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
                    BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
                    bytes.AsMemory(at + HeaderBytes, length)
                )
            );
            at += HeaderBytes + length;
        }
        FindPlaces();
    }

    public IReadOnlyList<PowerRecord> Records => records;

    /// <summary>The place right after it was said that the file is open.</summary>
    public int Opened { get; private set; }

    /// <summary>Places right after something was said: what it says has just been promised.</summary>
    public List<int> AfterSaid { get; } = [];

    /// <summary>Places where the database itself has been written to and the disk was not yet waited for: in a checkpoint, or in the creation.</summary>
    public List<int> InDatabase { get; } = [];

    /// <summary>How many times the database was written to and then synced.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Runs a verb in a process of its own until it ends by itself; or takes the recording that was kept of one.</summary>
    public static async Task<PowerRecording> MakeAsync(string library, string folder, params string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(Given) is { } kept) return new(kept);
        string log = $"{folder}.log";
        Directory.CreateDirectory(folder);
        var environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["POWER_FOLDER"] = folder, ["POWER_LOG"] = log };
        await using ChildProcess child = ChildProcess.StartWith(environment, ["power", Path.Combine(folder, Database), .. arguments]);
        IReadOnlyList<string> lines = await child.EndAsync();
        child.ExitCode.Should().Be(0, child.Errors);
        var recording = new PowerRecording(log);
        File.Delete(log);
        Directory.Delete(folder, recursive: true);
        string.Concat(recording.records.Where(record => record.Call == PowerCall.Said).Select(record => record.Text))
            .Should().Be(string.Concat(lines.Select(line => line + "\n")), "everything that the child says has to be in the recording");
        return recording;
    }

    /// <summary>
    /// Keeps it after a failure, for no second run of its process writes the same; says how the test is run on it again. Where a test makes several
    /// recordings, it is the first that plays this one.
    /// </summary>
    public string Keep()
    {
        string kept = Path.Combine(Path.GetTempPath(), $"roost-power-{Guid.NewGuid():N}.log");
        File.WriteAllBytes(kept, bytes);
        return $"{Given}={kept}";
    }

    private void FindPlaces()
    {
        int database = 0;
        bool written = false;
        for (int place = 0; place < records.Count; place++)
        {
            PowerRecord record = records[place];
            if (record.Call == PowerCall.Created && database == 0) database = record.File; // The first file of all; it gets its name by a move.
            if (record.Call == PowerCall.Said) AfterSaid.Add(place + 1);
            if (record.Call == PowerCall.Said && Opened == 0 && record.Text == "open\n") Opened = place + 1;
            if (record.File == database && record.Call == PowerCall.Written) written = true;
            if (record.File == database && record.Call == PowerCall.SyncEnded && written) (written, Checkpoints) = (false, Checkpoints + 1);
            if (written) InDatabase.Add(place + 1);
        }
    }
}
