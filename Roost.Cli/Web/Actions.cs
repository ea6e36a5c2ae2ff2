using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Roost.Cli.Input;
using Roost.Cli.Output;

namespace Roost.Cli.Web;

/// <summary>What the console may change. Each answers with a redirect to the page that it came from and a line that says what happened.</summary>
internal static class Actions
{
    /// <summary>How much a form may hold in which texts are written.</summary>
    private const int MaxTextBytes = 256 * 1024;

    /// <summary>Forms in which texts are written: what was refused is shown again as it was typed.</summary>
    private static readonly HashSet<string> Written = new(StringComparer.Ordinal) { "signal", "answer" };
    private static readonly Dictionary<string, Func<RoostRuntime, IFormCollection, string?, SecretKeys, CancellationToken, Task<string>>> Editing = new(
        StringComparer.Ordinal
    )
    {
        ["retry-edited"] = async (roost, form, reason, secrets, stop) =>
        {
            DeadLetter letter = await roost.GetDeadLetterAsync(Id(form), stop);
            JsonEdit state = StateForm.Read("state", form["state"].ToString(), letter.Snapshot?.Data, secrets);
            await roost.RetryAsync(letter.Item.Id, state, Number(form, "version"), reason, stop);
            return "It is queued again from the state that you gave.";
        },
        ["run-again"] = async (roost, form, reason, secrets, stop) =>
        {
            string id = Id(form);
            JsonEdit? payload = form["payload"] is [{ Length: > 0 } text]
                ? StateForm.Read("payload", text, (await roost.GetAsync(id, stop)).Payload, secrets)
                : null;
            return $"It runs again as {await roost.RunAgainAsync(id, payload, reason, stop)}.";
        },
    };

    private static readonly Dictionary<string, Func<RoostRuntime, IFormCollection, string?, CancellationToken, Task<string>>> Verbs = new(
        StringComparer.Ordinal
    )
    {
        ["cancel"] = async (roost, form, reason, _) => await roost.CancelAsync(Id(form), reason) ? "Cancelled." : "It had ended already.",
        ["requeue"] = async (roost, form, reason, _) => await roost.RequeueNowAsync(Id(form), reason) ? "It is ready now." : "It was ready already.",
        ["priority"] = async (roost, form, reason, _) =>
            await roost.SetPriorityAsync(Id(form), Priority(form), reason) ? $"Its priority is {Priority(form)} now." : "It had that priority already.",
        ["release"] = async (roost, form, reason, _) =>
        {
            await roost.ReleaseLeaseAsync(Id(form), reason);
            return "Its lease was released; a worker goes on from its last snapshot.";
        },
        ["retry"] = async (roost, form, reason, stop) =>
        {
            await roost.RetryAsync(Id(form), reason);
            bool waits = (await roost.GetAsync(Id(form), stop)).Summary.State == WorkState.Waiting;
            return waits ? "It waits again for what it waited for." : "It is queued again from its last snapshot.";
        },
        ["discard"] = async (roost, form, reason, _) =>
        {
            await roost.DiscardAsync(Id(form), reason);
            return "It was given up.";
        },
        ["signal"] = async (roost, form, _, stop) =>
        {
            JsonElement? payload = Given(form, "payload") is { } text ? GivenJson.Parse("payload", text) : null;
            SignalResult result = await roost.SignalAsync(Id(form), Given(form, "name") ?? "", payload, Given(form, "signal_id"), stop);
            return result.Created ? "The signal was sent." : "A signal with this id had come before; nothing was added.";
        },
        ["answer"] = AnswerAsync,
        ["withdraw"] = async (roost, form, reason, stop) =>
        {
            await roost.WithdrawAskAsync(Id(form), Given(form, "by") ?? "", reason, stop);
            return "The question was withdrawn; its item goes on.";
        },
        ["retry-all"] = async (roost, form, reason, stop) =>
            $"{await roost.RetryAllAsync(DeadLetterQuery.Of(name => form[name]).Filter, reason, stop):N0} queued again.",
        ["discard-all"] = async (roost, form, reason, stop) =>
            $"{await roost.DiscardAllAsync(DeadLetterQuery.Of(name => form[name]).Filter, reason, stop):N0} given up.",
    };

    public static void Map(WebApplication application, ConsoleOptions options) =>
        application.MapPost(
            "/actions/{verb}",
            (string verb, HttpContext context, IAntiforgery antiforgery, RoostRuntime roost, Notes notes, SecretKeys secrets) =>
                RunAsync(verb, context, antiforgery, roost, notes, secrets, options)
        );

    private static async Task<IResult> RunAsync(
        string verb,
        HttpContext context,
        IAntiforgery antiforgery,
        RoostRuntime roost,
        Notes notes,
        SecretKeys secrets,
        ConsoleOptions options
    )
    {
        if (options.ReadOnly) return Results.Text("This console is read-only: it was started with --read-only.\n", statusCode: StatusCodes.Status403Forbidden);
        if (Written.Contains(verb) && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaxTextBytes;
        if (!context.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
            return Results.Text(
                "The form is not one of this console's. Go back, reload the page and try again.\n",
                statusCode: StatusCodes.Status400BadRequest
            );
        if (!Verbs.TryGetValue(verb, out Func<RoostRuntime, IFormCollection, string?, CancellationToken, Task<string>>? run))
        {
            if (!Editing.TryGetValue(verb, out Func<RoostRuntime, IFormCollection, string?, SecretKeys, CancellationToken, Task<string>>? edit))
                throw new NotFoundException("There is no such action.");
            run = (runtime, given, why, stop) => edit(runtime, given, why, secrets, stop);
        }

        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
        string? reason = form["reason"] is [{ } given] && !string.IsNullOrWhiteSpace(given) ? given.Trim() : null;
        string note, place = "";
        try
        {
            note = notes.Keep(false, await run(roost, form, reason, context.RequestAborted).ConfigureAwait(false));
        }
        catch (RoostException error)
            when (error is ConflictException or InvalidInputException or FormRefusedException or FileBusyException or DiskFullException or FileRefusedException)
        {
            Draft? draft = Written.Contains(verb) ? Draft.Of(verb, form, error) : null;
            note = notes.Keep(true, CommandWords.Of(error), draft);
            if (draft is { IsOfFields: true }) place = $"#{verb}";
        }
        string back = Back(form["back"]);
        return Results.LocalRedirect($"{back}{(back.Contains('?', StringComparison.Ordinal) ? '&' : '?')}note={note}{place}");
    }

    private static async Task<string> AnswerAsync(RoostRuntime roost, IFormCollection form, string? reason, CancellationToken stop)
    {
        var root = AnswerField.Of((await roost.GetAskAsync(Id(form), stop)).Schema);
        var reader = new AnswerReader(form);
        JsonNode? value = reader.Read(root);
        var problems = new Dictionary<string, string>(reader.Problems);
        if (Given(form, "by") is null) problems["by"] = "Say who answers.";
        if (problems.Count > 0) throw new FormRefusedException(problems);
        try
        {
            AnswerResult result = await roost.AnswerAsync(Id(form), value, Given(form, "by")!, Given(form, "comment")?.ReplaceLineEndings("\n"), stop);
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

    private static string Id(IFormCollection form) => form["id"] is [{ } id] ? id : "";

    private static string? Given(IFormCollection form, string field) => form[field] is [{ } text] && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private static int Priority(IFormCollection form) => Number(form, "priority");

    private static int Number(IFormCollection form, string name) =>
        int.TryParse(form[name], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new InvalidInputException(name, $"\"{form[name]}\" is not a whole number from {int.MinValue} to {int.MaxValue}.");
}
