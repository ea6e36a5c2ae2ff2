using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>Questions to people. Of those that want to close one the first wins; the others learn what it is by then.</summary>
internal sealed class AskTable(WriteConnection connection)
{
    /// <summary>How each <see cref="AskState"/> is stored.</summary>
    private static readonly string[] States = ["open", "answered", "withdrawn", "expired", "closed"];

    private readonly Statement insert = connection.Prepare(
        """
        INSERT INTO roost_ask (id, work, version, question, schema, assignee, artifacts, asked_at, state, trace, effect)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10) RETURNING key
        """);
    private readonly Statement hasArtifact = connection.Prepare("SELECT 1 FROM roost_artifact WHERE work = ?1 AND name = ?2 LIMIT 1");
    private readonly Statement find = connection.Prepare("SELECT key, work, state, by, comment, answer_sha256, version, effect FROM roost_ask WHERE id = ?1");
    private readonly Statement id = connection.Prepare("SELECT id FROM roost_ask WHERE key = ?1");
    private readonly Statement accept = connection.Prepare(
        """
        UPDATE roost_ask SET state = ?2, closed_at = ?3, answer = ?4, answer_sha256 = ?5, by = ?6, comment = ?7, answer_trace = ?8
        WHERE key = ?1 AND state = 'open'
        """);
    private readonly Statement close = connection.Prepare("UPDATE roost_ask SET state = ?2, closed_at = ?3 WHERE key = ?1 AND state = 'open'");
    private readonly Statement closeOf = connection.Prepare(
        "UPDATE roost_ask SET state = 'closed', closed_at = ?2 WHERE work = ?1 AND state = 'open'");
    private readonly Statement asksOfEffect = connection.Prepare("SELECT 1 FROM roost_ask WHERE work = ?1 AND state = 'open' AND effect IS NOT NULL");
    private readonly Statement reopen = connection.Prepare("UPDATE roost_ask SET state = 'open', closed_at = NULL WHERE key = ?1 AND state = 'closed'");
    private readonly Statement answer = connection.Prepare(
        "SELECT CAST(answer AS BLOB), answer_sha256, by, comment, closed_at, answer_trace FROM roost_ask WHERE key = ?1 AND state = 'answered'");
    private readonly Statement withdrawal = connection.Prepare(
        "SELECT answer_trace FROM roost_ask WHERE key = ?1 AND state = 'withdrawn' AND answer_trace IS NOT NULL");

    /// <summary>Asks, and answers the question's key.</summary>
    /// <param name="row">As it waits.</param>
    /// <param name="workId">Its id.</param>
    /// <param name="ask">The question.</param>
    /// <param name="effect">The path of the effect that it asks about, where it asks about one.</param>
    /// <exception cref="InvalidInputException">The item has no artifact of a name that the question points to.</exception>
    public long Insert(in WorkRow row, string workId, NewAsk ask, string? effect = null)
    {
        foreach (string name in ask.Artifacts)
            if (hasArtifact.Bind(1, row.Key).Bind(2, name).Scalar() is null)
                throw new InvalidInputException("Artifacts", $"names \"{name}\", which work item {workId} has not attached.") { Final = new(workId) };
        return insert.Bind(1, ask.Id).Bind(2, row.Key).Bind(3, row.Version).Bind(4, ask.Question).BindText(5, ask.Schema).Bind(6, ask.For)
            .Bind(7, JsonSerializer.Serialize(ask.Artifacts, ColumnJson.Default.IReadOnlyListString)).Bind(8, connection.Now).Bind(9, ask.Trace)
            .Bind(10, effect)
            .Scalar()!.Value;
    }

    public StoredAsk? Find(string askId) => find.Bind(1, askId).OneValue(static row => new StoredAsk(
        row.Int64(0), row.Int64(1), StateOf(row.Text(2)), row.NullableText(3), row.NullableText(4),
        row.IsNull(5) ? null : row.Bytes(5).ToArray(), row.Int32(6), row.NullableText(7)));

    public static AskState StateOf(string stored) =>
        Array.IndexOf(States, stored) is >= 0 and var state ? (AskState)state : throw WaitTable.Damaged();

    public string Id(long key) => id.Bind(1, key).One(static row => row.Text(0))!;

    /// <summary>An answer, or that somebody withdraws it.</summary>
    public void Accept(long key, NewAnswer given)
    {
        AskState state = given.Value is null ? AskState.Withdrawn : AskState.Answered;
        accept.Bind(1, key).Bind(2, States[(int)state]).Bind(3, connection.Now).Bind(6, given.By).Bind(7, given.Comment).Bind(8, given.Trace);
        if (given.Value is null) accept.BindNull(4).BindNull(5);
        else accept.BindText(4, given.Value).BindBlob(5, given.Hash);
        if (accept.Run() != 1) throw WaitTable.Damaged();
    }

    public void Close(long key, AskState state) => close.Bind(1, key).Bind(2, States[(int)state]).Bind(3, connection.Now).Run();

    /// <summary>An item ends: nobody waits for the answer any more.</summary>
    public void CloseOf(long work) => closeOf.Bind(1, work).Bind(2, connection.Now).Run();

    /// <summary>The item waits to be told of an effect.</summary>
    public bool AsksOfEffect(long work) => asksOfEffect.Bind(1, work).Scalar() is not null;

    /// <summary>The wait in which an item has failed goes on.</summary>
    public void Reopen(long key) => reopen.Bind(1, key).Run();

    public Answer? AnswerTo(long key, string workId) => answer.Bind(1, key).One(row => new Answer(row.Bytes(0).ToArray(), row.Bytes(1).ToArray())
    {
        By = row.Text(2),
        Comment = row.NullableText(3),
        At = StoredTime.Read(row.Int64(4)),
        Trace = row.NullableText(5),
        WorkId = workId,
        Json = connection.Options.Json,
    });

    /// <summary>Where it was withdrawn from, as far as anybody traced that.</summary>
    public string? WithdrawalTrace(long key) => withdrawal.Bind(1, key).One(static row => row.Text(0));
}

/// <summary>A question as it is stored, without what it says.</summary>
internal readonly record struct StoredAsk(
    long Key, long Work, AskState State, string? By, string? Comment, byte[]? AnswerHash, int Version, string? Effect)
{
    /// <summary>Of an answer to a question that is not open: false where it was accepted before, null where another was, or none.</summary>
    public bool? Refuse(NewAnswer answer) =>
        answer.Value is not null && By == answer.By && AnswerHash.AsSpan().SequenceEqual(answer.Hash) ? false : null;
}
