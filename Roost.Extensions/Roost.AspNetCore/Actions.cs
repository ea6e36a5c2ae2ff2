using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Roost.AspNetCore.Input;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>What the console may change. Each answers with a redirect to the page that it came from and a line that says what happened.</summary>
internal static class Actions
{
    /// <summary>How much a form may hold in which texts are written.</summary>
    private const int MaxTextBytes = 256 * 1024;

    /// <summary>Forms in which texts are written: what was refused is shown again as it was typed.</summary>
    private static readonly HashSet<string> Written = new(StringComparer.Ordinal) { "signal", "answer" };

    /// <summary>A form that was sent in.</summary>
    /// <param name="Form">Its fields.</param>
    /// <param name="Secrets">What is masked in texts that are edited.</param>
    /// <param name="Stop">Whoever has sent it is gone.</param>
    private sealed record Sent(IFormCollection Form, SecretKeys Secrets, CancellationToken Stop)
    {
        public string Id => Form["id"] is [{ } id] ? id : "";

        public string? Reason => Given("reason");

        public string? Given(string field) => Form[field] is [{ } text] && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

        public int Number(string field) =>
            int.TryParse(Form[field], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new InvalidInputException(field, $"\"{Form[field]}\" is not a whole number from {int.MinValue} to {int.MaxValue}.");
    }

    private static readonly Dictionary<string, Func<RoostRuntime, Sent, Task<string>>> Verbs = new(StringComparer.Ordinal)
    {
        ["retry-edited"] = async (roost, sent) =>
        {
            DeadLetter letter = await roost.GetDeadLetterAsync(sent.Id, sent.Stop);
            JsonEdit state = StateForm.Read("state", sent.Form["state"].ToString(), letter.Snapshot?.Data, sent.Secrets);
            await roost.RetryAsync(letter.Item.Id, state, sent.Number("version"), sent.Reason, sent.Stop);
            return "It is queued again from the state that you gave.";
        },
        ["run-again"] = async (roost, sent) =>
        {
            string id = sent.Id;
            JsonEdit? payload = sent.Form["payload"] is [{ Length: > 0 } text]
                ? StateForm.Read("payload", text, (await roost.GetAsync(id, sent.Stop)).Payload, sent.Secrets)
                : null;
            return $"It runs again as {await roost.RunAgainAsync(id, payload, sent.Reason, sent.Stop)}.";
        },
        ["cancel"] = async (roost, sent) => await roost.CancelAsync(sent.Id, sent.Reason) ? "Cancelled." : "It had ended already.",
        ["requeue"] = async (roost, sent) => await roost.RequeueNowAsync(sent.Id, sent.Reason) ? "It is ready now." : "It was ready already.",
        ["priority"] = async (roost, sent) =>
            await roost.SetPriorityAsync(sent.Id, sent.Number("priority"), sent.Reason)
                ? $"Its priority is {sent.Number("priority")} now."
                : "It had that priority already.",
        ["release"] = async (roost, sent) =>
        {
            await roost.ReleaseLeaseAsync(sent.Id, sent.Reason);
            return "Its lease was released; a worker goes on from its last snapshot.";
        },
        ["retry"] = async (roost, sent) =>
        {
            await roost.RetryAsync(sent.Id, sent.Reason);
            bool waits = (await roost.GetAsync(sent.Id, sent.Stop)).Summary.State == WorkState.Waiting;
            return waits ? "It waits again for what it waited for." : "It is queued again from its last snapshot.";
        },
        ["retry-fresh"] = async (roost, sent) =>
        {
            await roost.RetryFreshAsync(sent.Id, sent.Reason);
            return "It is queued again without what its step had recorded.";
        },
        ["discard"] = async (roost, sent) =>
        {
            await roost.DiscardAsync(sent.Id, sent.Reason);
            return "It was given up.";
        },
        ["signal"] = async (roost, sent) =>
        {
            JsonElement? payload = sent.Given("payload") is { } text ? TypedJson.Parse("payload", text) : null;
            SignalResult result = await roost.SignalAsync(sent.Id, sent.Given("name") ?? "", payload, sent.Given("signal_id"), sent.Stop);
            return result.Created ? "The signal was sent." : "A signal with this id had come before; nothing was added.";
        },
        ["answer"] = AnswerAsync,
        ["withdraw"] = async (roost, sent) =>
        {
            await roost.WithdrawAskAsync(sent.Id, sent.Given("by") ?? "", sent.Reason, sent.Stop);
            return "The question was withdrawn; its item goes on.";
        },
        ["pause"] = async (roost, sent) =>
        {
            DateTimeOffset? until = sent.Given("for") is { } text ? After(roost, text) : null;
            bool isNew = await roost.PauseAsync(TargetOf(sent), sent.Reason ?? "", sent.Given("by") ?? "", until, sent.Stop);
            return isNew ? "Paused: nothing more of it is begun." : "It was paused already, and is by this pause now.";
        },
        ["resume"] = async (roost, sent) =>
            await roost.ResumeAsync(TargetOf(sent), sent.Given("by") ?? "", sent.Reason, sent.Stop) ? "Resumed." : "It was not paused.",
        ["retry-all"] = async (roost, sent) =>
            $"{await roost.RetryAllAsync(DeadLetterQuery.Of(name => sent.Form[name]).Filter, sent.Reason, sent.Stop):N0} queued again.",
        ["discard-all"] = async (roost, sent) =>
            $"{await roost.DiscardAllAsync(DeadLetterQuery.Of(name => sent.Form[name]).Filter, sent.Reason, sent.Stop):N0} given up.",
    };

    public static void Map(IEndpointRouteBuilder console, ConsoleMount mount) =>
        console.MapPost("/actions/{verb}", (string verb, HttpContext context, IAntiforgery antiforgery) => RunAsync(verb, context, antiforgery, mount));

    private static async Task<IResult> RunAsync(string verb, HttpContext context, IAntiforgery antiforgery, ConsoleMount mount)
    {
        if (mount.Options.ReadOnly) return Results.Text("This console is read-only.\n", statusCode: StatusCodes.Status403Forbidden);
        if (Written.Contains(verb) && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaxTextBytes;
        if (!context.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
            return Results.Text(
                "The form is not one of this console's. Go back, reload the page and try again.\n",
                statusCode: StatusCodes.Status400BadRequest
            );
        if (!Verbs.TryGetValue(verb, out Func<RoostRuntime, Sent, Task<string>>? run)) throw new NotFoundException("There is no such action.");

        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
        string note, place = "";
        try
        {
            note = mount.Notes.Keep(false, await run(mount.Runtime, new(form, mount.Secrets, context.RequestAborted)).ConfigureAwait(false));
        }
        catch (RoostException error)
            when (error is ConflictException or InvalidInputException or FormRefusedException or FileBusyException or DiskFullException or FileRefusedException)
        {
            Draft? draft = Written.Contains(verb) ? Draft.Of(verb, form, error) : null;
            note = mount.Notes.Keep(true, CommandWords.Of(error), draft);
            if (draft is { IsOfFields: true }) place = $"#{verb}";
        }
        string back = Back(form["back"]);
        char separator = back.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return Results.LocalRedirect($"{context.Request.PathBase}{mount.Prefix}{back}{separator}note={note}{place}");
    }

    private static PauseTarget TargetOf(Sent sent) => sent.Given("scope") switch
    {
        "file" => PauseTarget.File,
        "engine" => PauseTarget.Engine(sent.Id),
        "queue" => PauseTarget.Queue(sent.Id),
        "item" => PauseTarget.Item(sent.Id),
        _ => throw new InvalidInputException("scope", "is none; it is file, engine, queue or item."),
    };

    private static DateTimeOffset After(RoostRuntime roost, string text)
    {
        DateTimeOffset now = roost.Options.TimeProvider.GetUtcNow();
        return Durations.Read(text) is { } time && time > TimeSpan.Zero && time <= DateTimeOffset.MaxValue - now
            ? now + time
            : throw new InvalidInputException("for", $"is \"{text}\"; {Durations.Advice(text)}");
    }

    private static async Task<string> AnswerAsync(RoostRuntime roost, Sent sent)
    {
        var root = AnswerField.Of((await roost.GetAskAsync(sent.Id, sent.Stop)).Schema);
        var reader = new AnswerReader(sent.Form);
        JsonNode? value = reader.Read(root);
        var problems = new Dictionary<string, string>(reader.Problems);
        if (sent.Given("by") is null) problems["by"] = "Say who answers.";
        if (problems.Count > 0) throw new FormRefusedException(problems);
        try
        {
            AnswerResult result = await roost.AnswerAsync(sent.Id, value, sent.Given("by")!, sent.Given("comment")?.ReplaceLineEndings("\n"), sent.Stop);
            return result.Created ? "The answer was accepted; its item goes on." : "The same answer was accepted before; nothing was added.";
        }
        catch (InvalidInputException wrong) when (root.Find(wrong.Field) is { } field)
        {
            // A member that the form has no control of is named, too.
            string rule = CommandWords.Of(wrong.Message[(wrong.Field == field.Path ? wrong.Field.Length + 2 : 0)..]);
            throw new FormRefusedException(new Dictionary<string, string> { [field.Name] = rule });
        }
    }

    /// <summary>A path of the console itself, whatever the form says; its own pages give it as it stands in an address.</summary>
    private static string Back(string? asked) =>
        asked is ['/', ..] && (asked.Length == 1 || asked[1] is not ('/' or '\\')) && asked.All(letter => letter is > ' ' and < '\u007f') ? asked : "/";
}
