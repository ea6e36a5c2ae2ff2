namespace Roost.Sqlite.Tables;

/// <summary>Which versions of an item are kept, once one is committed: its first, and its last.</summary>
internal static class KeptVersions
{
    /// <summary>
    /// Those behind <c>After</c> and up to <c>UpTo</c> are not; null where all are. The steps that have made those were made from <c>After</c> to before
    /// <c>UpTo</c>: what belongs to a step goes with the version that it made.
    /// </summary>
    public static (int After, int UpTo)? Gone(RoostOptions options, int version) =>
        version - options.HistoryLast is var gone && gone > options.HistoryFirst ? (options.HistoryFirst, gone) : null;
}
