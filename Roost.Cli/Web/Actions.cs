using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Roost.Cli.Input;
using Roost.Cli.Output;

namespace Roost.Cli.Web;

/// <summary>What the console may change. Each answers with a redirect to the page that it came from and a line that says what happened.</summary>
internal static class Actions
{
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
        ["retry"] = async (roost, form, reason, _) =>
        {
            await roost.RetryAsync(Id(form), reason);
            return "It is queued again from its last snapshot.";
        },
        ["discard"] = async (roost, form, reason, _) =>
        {
            await roost.DiscardAsync(Id(form), reason);
            return "It was given up.";
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
        string note;
        try
        {
            note = notes.Keep(false, await run(roost, form, reason, context.RequestAborted).ConfigureAwait(false));
        }
        catch (RoostException error)
            when (error is ConflictException or InvalidInputException or FileBusyException or DiskFullException or FileRefusedException)
        {
            note = notes.Keep(true, CommandWords.Of(error));
        }
        string back = Back(form["back"]);
        return Results.LocalRedirect($"{back}{(back.Contains('?', StringComparison.Ordinal) ? '&' : '?')}note={note}");
    }

    /// <summary>A path of the console itself, whatever the form says; its own pages give it as it stands in an address.</summary>
    private static string Back(string? asked) =>
        asked is ['/', ..] && (asked.Length == 1 || asked[1] is not ('/' or '\\')) && asked.All(letter => letter is > ' ' and < '\u007f') ? asked : "/";

    private static string Id(IFormCollection form) => form["id"] is [{ } id] ? id : "";

    private static int Priority(IFormCollection form) => Number(form, "priority");

    private static int Number(IFormCollection form, string name) =>
        int.TryParse(form[name], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new InvalidInputException(name, $"\"{form[name]}\" is not a whole number from {int.MinValue} to {int.MaxValue}.");
}
