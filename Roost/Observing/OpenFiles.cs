using System.Diagnostics.Metrics;

namespace Roost.Observing;

/// <summary>A file as the gauges see it.</summary>
internal abstract class ObservedFile(string path)
{
    public string Path => path;

    /// <summary>How many items of each engine are in each condition.</summary>
    public abstract IReadOnlyList<(string Engine, string Condition, long Items)> CountItems();

    /// <summary>In bytes.</summary>
    public abstract long LogSize();
}

/// <summary>
/// The files that runtimes of this process have open, each with a name of its own by which measurements are told apart. Nothing is kept alive by it, and
/// nothing is read before somebody asks.
/// </summary>
internal static class OpenFiles
{
    private static readonly Lock Gate = new();
    private static readonly List<(string Name, string Path, WeakReference<ObservedFile> File)> All = [];

    public static void Add(ObservedFile file)
    {
        lock (Gate)
        {
            All.RemoveAll(each => !each.File.TryGetTarget(out _));
            All.Add((NameOf(file.Path), file.Path, new(file)));
        }
    }

    public static void Remove(ObservedFile file)
    {
        lock (Gate) All.RemoveAll(each => !each.File.TryGetTarget(out ObservedFile? open) || open == file);
    }

    /// <summary>The file's own name; its whole path where another open file has that name.</summary>
    public static string NameOf(string path)
    {
        lock (Gate)
        {
            foreach ((string name, string open, _) in All)
                if (open == path) return name;
            string own = Path.GetFileName(path);
            return All.Exists(each => each.Name == own) ? path : own;
        }
    }

    public static IEnumerable<Measurement<long>> Items() => Observe(static (file, name) => file.CountItems().Select(count => new Measurement<long>(
        count.Items,
        new KeyValuePair<string, object?>(AttributeNames.File, name),
        new KeyValuePair<string, object?>(AttributeNames.Engine, count.Engine),
        new KeyValuePair<string, object?>(AttributeNames.Condition, count.Condition))));

    public static IEnumerable<Measurement<long>> LogSizes() => Observe(static (file, name) =>
        [new(file.LogSize(), new KeyValuePair<string, object?>(AttributeNames.File, name))]);

    /// <summary>Once for each file, however many runtimes have it open. One that is closed meanwhile, or cannot be read now, is left out.</summary>
    private static List<Measurement<long>> Observe(Func<ObservedFile, string, IEnumerable<Measurement<long>>> look)
    {
        (string Name, string Path, WeakReference<ObservedFile> File)[] files;
        lock (Gate) files = [.. All.DistinctBy(each => each.Path)];
        var measured = new List<Measurement<long>>();
        foreach ((string name, _, WeakReference<ObservedFile> reference) in files)
        {
            if (!reference.TryGetTarget(out ObservedFile? file)) continue;
            try
            {
                measured.AddRange(look(file, name));
            }
            catch (Exception e) when (e is RoostException or ObjectDisposedException or IOException or UnauthorizedAccessException)
            {
                // It is told elsewhere.
            }
        }
        return measured;
    }
}
