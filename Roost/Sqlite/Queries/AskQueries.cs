using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of questions to people.</summary>
internal static class AskQueries
{
    private const char Mark = 'k';
    private const int LeastPart = 3;
    private const int MaxLooked = 2000;
    private const int MaxTold = 200;

    private const string Columns =
        """
        a.id, w.id, l.engine, l.queue, a.question, a.schema, a.assignee, a.artifacts, a.asked_at, a.state, a.closed_at, CAST(a.answer AS BLOB),
        a.answer_sha256, a.by, a.comment, w.due_at, a.key, a.trace, a.effect
        FROM roost_ask a CROSS JOIN roost_work w ON w.key = a.work CROSS JOIN roost_lane l ON l.key = w.lane
        """;

    public static NotFoundException NoSuchAsk(string askId, string path) => new($"There is no question {askId} in {path}.");

    /// <summary>Where a page begins: lists go by age, that of an item backwards.</summary>
    public static long ReadCursor(AskFilter filter, string? cursor) =>
        cursor is null && filter.WorkId is null ? 0 : Position.ReadKey(Mark, cursor);

    public static AskInfo? Read(SqliteConnection db, string askId, RoostOptions options, DateTimeOffset now)
    {
        using var one = new Statement(db.Handle!, $"SELECT {Columns} WHERE a.id = ?1");
        return one.Bind(1, askId).One(row => Read(row, options, now));
    }

    public static Page<AskInfo> Page(SqliteConnection db, AskFilter filter, long work, long from, int limit, RoostOptions options, DateTimeOffset now)
    {
        using Statement page = filter switch
        {
            { WorkId: not null } => new(db.Handle!, $"SELECT {Columns} WHERE a.work = ?3 AND a.key < ?1 ORDER BY a.key DESC LIMIT ?2"),
            { For: not null } => new(
                db.Handle!,
                $"""
                SELECT {Columns} WHERE a.key IN (
                    SELECT key FROM (SELECT key FROM roost_ask WHERE state = 'open' AND assignee = ?3 AND key > ?1 ORDER BY key LIMIT ?2)
                    UNION ALL
                    SELECT key FROM (SELECT key FROM roost_ask WHERE state = 'open' AND assignee IS NULL AND key > ?1 ORDER BY key LIMIT ?2))
                ORDER BY a.key LIMIT ?2
                """
            ),
            _ => new(db.Handle!, $"SELECT {Columns} WHERE a.state = 'open' AND a.key > ?1 ORDER BY a.key LIMIT ?2"),
        };
        page.Bind(1, from).Bind(2, filter.Engine is null ? limit + 1 : MaxLooked + 1);
        if (filter.WorkId is not null) page.Bind(3, work);
        else if (filter.For is not null) page.Bind(3, filter.For);
        var found = new List<AskInfo>();
        long reached = from;
        for (int looked = 0; page.Step(); looked++)
        {
            if (found.Count == limit || looked == MaxLooked) return new(found, Write(reached));
            reached = page.Int64(16);
            if (filter.Engine is null || page.Text(2) == filter.Engine) found.Add(Read(page, options, now));
        }
        return new(found, null);
    }

    /// <summary>Ids that a part of one may mean: the id itself, else those that begin or end with it, open ones first.</summary>
    public static IReadOnlyList<string> FindIds(SqliteConnection db, string part, int limit)
    {
        if (part.Length < LeastPart) return [];
        using var open = new Statement(db.Handle!,
            "SELECT id FROM roost_ask WHERE state = 'open' AND (substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1) ORDER BY key DESC LIMIT ?2");
        List<string> found = open.Bind(1, part).Bind(2, limit).All(static row => row.Text(0));
        if (found.Count > 0) return found;
        using var any = new Statement(db.Handle!,
            """
            SELECT id FROM (SELECT id, key FROM roost_ask ORDER BY key DESC LIMIT 50000)
            WHERE substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1 ORDER BY key DESC LIMIT ?2
            """);
        return any.Bind(1, part).Bind(2, limit).All(static row => row.Text(0));
    }

    /// <summary>Why a question takes no answer any more.</summary>
    public static string WhyClosed(AskInfo ask) => ask.State switch
    {
        AskState.Answered =>
            $"Question {ask.Id} was answered by {ask.Answer!.By} at {StoredTime.InWords(ask.Answer.At)}: " +
            $"{ShortText.Cut(ask.Answer.Value.GetRawText(), MaxTold)}.",
        AskState.Withdrawn => $"Question {ask.Id} was withdrawn by {ask.WithdrawnBy} at {StoredTime.InWords(ask.ClosedAt!.Value)}.",
        AskState.Closed =>
            $"Question {ask.Id} was closed at {StoredTime.InWords(ask.ClosedAt!.Value)}, when work item {ask.WorkId} went on or ended without an answer.",
        _ => $"Question {ask.Id} could be answered until {StoredTime.InWords((ask.ClosedAt ?? ask.Until)!.Value)}; its time is over.",
    };

    private static AskInfo Read(Statement row, RoostOptions options, DateTimeOffset now)
    {
        string workId = row.Text(1);
        AskState state = AskTable.StateOf(row.Text(9));
        Answer? answer = row.IsNull(11) ? null : new(row.Bytes(11).ToArray(), row.Bytes(12).ToArray())
        {
            By = row.Text(13),
            Comment = row.NullableText(14),
            At = StoredTime.Read(row.Int64(10)),
            WorkId = workId,
            Json = options.Json,
        };
        if (answer is { IsWhole: false }) throw new DataCorruptException(Damage.OfAnswer(workId));
        DateTimeOffset? until = state == AskState.Open ? StoredTime.Read(row.NullableInt64(15)) : null;
        return new()
        {
            Id = row.Text(0),
            WorkId = workId,
            Engine = row.Text(2),
            Queue = row.Text(3),
            Question = row.Text(4),
            Schema = JsonText.Parse(row.Bytes(5).ToArray()),
            For = row.NullableText(6),
            Artifacts = ColumnJson.Read(row.Bytes(7), ColumnJson.Default.StringArray, "What a question points to"),
            AskedAt = StoredTime.Read(row.Int64(8)),
            Until = until,
            State = until <= now ? AskState.Expired : state,
            ClosedAt = StoredTime.Read(row.NullableInt64(10)),
            Answer = answer,
            Trace = row.NullableText(17),
            Effect = row.NullableText(18),
            WithdrawnBy = state == AskState.Withdrawn ? row.NullableText(13) : null,
        };
    }

    private static string Write(long key) => Position.Write(Mark, key.ToString(CultureInfo.InvariantCulture));
}
