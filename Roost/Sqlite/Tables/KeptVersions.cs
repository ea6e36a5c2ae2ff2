namespace Roost.Sqlite.Tables;

/// <summary>Which versions of an item are kept, once one is committed: its first, and its last.</summary>
internal static class KeptVersions
{
    /// <summary>Those behind <c>After</c> and up to <c>UpTo</c> are not; null where all are.</summary>
    public static (int After, int UpTo)? Gone(RoostOptions options, int version) =>
        version - options.HistoryLast is var gone && gone > options.HistoryFirst ? (options.HistoryFirst, gone) : null;

    /// <summary>
    /// The steps that have made those, by the versions that they were made from: from <c>First</c> to before <c>End</c>. What belongs to a step goes with the
    /// version that it made.
    /// </summary>
    public static (int First, int End)? StepsGone(RoostOptions options, int version) => Gone(options, version);
}
