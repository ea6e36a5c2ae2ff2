namespace Roost.Tests.Support;

/// <summary>What a power cut does to what the disk was not waited for.</summary>
internal enum PowerLoss
{
    /// <summary>Each write is lost (40 %), kept (35 %) or torn (25 %): each of its sectors is there or not.</summary>
    Any,

    /// <summary>Nothing of it is there.</summary>
    All,

    /// <summary>All of it is there.</summary>
    Nothing,
}

/// <summary>
/// The disk under a recording that is played back. A write or truncation is pending until a sync of its file that began after it has ended.
/// A new, moved or removed name is pending until such a sync of the folder: a sync of the file alone does not keep its name, as POSIX has it;
/// and what a cut leaves of pending names is the first so many, because file systems keep the changes of a folder in order.
/// </summary>
internal sealed class PowerDisk
{
    private const int Folder = 1;
    private const int SectorBytes = 512;

    private readonly Dictionary<int, DiskFile> files = [];
    private readonly Dictionary<string, int> durableNames = [], names = [];
    private readonly Queue<NameChange> pendingNames = new();

    private sealed record NameChange(int Place, string? Removed, string? Added, int File);

    /// <summary>How many writes, truncations and names are pending.</summary>
    public int Pending => pendingNames.Count + files.Values.Sum(file => file.Pending.Count);

    /// <summary>Plays the next record.</summary>
    public void Play(int place, in PowerRecord record)
    {
        switch (record.Call)
        {
            case PowerCall.Created:
                files[record.File] = new();
                Change(new(place, null, record.Text, record.File));
                break;
            case PowerCall.Written or PowerCall.Truncated:
                files[record.File].Pending.Enqueue((place, record));
                break;
            case PowerCall.SyncEnded when record.File == Folder:
                while (pendingNames.TryPeek(out NameChange? change) && change.Place < record.At) Apply(durableNames, pendingNames.Dequeue());
                break;
            case PowerCall.SyncEnded:
                files[record.File].Sync(record.At);
                break;
            case PowerCall.Linked or PowerCall.Renamed:
                string[] words = record.Text.Split('\0');
                Change(new(place, record.Call == PowerCall.Renamed ? words[0] : null, words[1], names[words[0]]));
                break;
            case PowerCall.Unlinked:
                Change(new(place, record.Text, null, 0));
                break;
        }
    }

    /// <summary>Makes in a folder the files as they are when the power comes back.</summary>
    public void Cut(Random random, PowerLoss loss, string folder)
    {
        var left = new Dictionary<string, int>(durableNames);
        int kept = loss switch { PowerLoss.All => 0, PowerLoss.Nothing => pendingNames.Count, _ => random.Next(pendingNames.Count + 1) };
        foreach (NameChange change in pendingNames.Take(kept)) Apply(left, change);
        var contents = files.OrderBy(file => file.Key).ToDictionary(file => file.Key, file => file.Value.AfterCut(random, loss));
        foreach ((string name, int file) in left) File.WriteAllBytes(Path.Combine(folder, name), contents[file]);
    }

    private void Change(NameChange change)
    {
        Apply(names, change);
        pendingNames.Enqueue(change);
    }

    private static void Apply(Dictionary<string, int> names, NameChange change)
    {
        if (change.Removed is not null) names.Remove(change.Removed);
        if (change.Added is not null) names[change.Added] = change.File;
    }

    private sealed class DiskFile
    {
        private byte[] content = [];
        private int length;

        public Queue<(int Place, PowerRecord Record)> Pending { get; } = new();

        public void Sync(long begun)
        {
            while (Pending.TryPeek(out (int Place, PowerRecord Record) next) && next.Place < begun)
                Do(ref content, ref length, Pending.Dequeue().Record, _ => true);
        }

        public byte[] AfterCut(Random random, PowerLoss loss)
        {
            byte[] copy = content.AsSpan(0, length).ToArray();
            int copied = length;
            foreach ((_, PowerRecord record) in Pending)
            {
                int fate = loss switch { PowerLoss.All => 0, PowerLoss.Nothing => 99, _ => random.Next(100) };
                if (fate >= 65) Do(ref copy, ref copied, record, _ => true);
                else if (fate >= 40) Do(ref copy, ref copied, record, _ => random.Next(2) == 0);
            }
            return copy[..copied];
        }

        /// <summary>Writes the sectors that are there; a truncation is there as a whole or not.</summary>
        private static void Do(ref byte[] content, ref int length, in PowerRecord record, Func<long, bool> isThere)
        {
            if (record.Call == PowerCall.Truncated)
            {
                if (isThere(0)) SetLength(ref content, ref length, (int)record.At);
                return;
            }
            ReadOnlySpan<byte> data = record.Data.Span;
            for (int from = 0; from < data.Length;)
            {
                long at = record.At + from;
                int sector = (int)Math.Min(data.Length - from, SectorBytes - at % SectorBytes);
                if (isThere(at / SectorBytes))
                {
                    SetLength(ref content, ref length, (int)Math.Max(length, at + sector));
                    data.Slice(from, sector).CopyTo(content.AsSpan((int)at));
                }
                from += sector;
            }
        }

        private static void SetLength(ref byte[] content, ref int length, int wanted)
        {
            if (wanted > content.Length) Array.Resize(ref content, Math.Max(wanted, 2 * content.Length));
            if (wanted < length) content.AsSpan(wanted, length - wanted).Clear();
            length = wanted;
        }
    }
}
