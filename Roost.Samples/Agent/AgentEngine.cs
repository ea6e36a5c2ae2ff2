using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Roost.Samples.Agent;

/// <summary>
/// Asks a model what to do, and does it with tools, until the model wants nothing more. Each call is an effect of its own; before one that cannot be taken back
/// a person is asked.
/// </summary>
public sealed class AgentEngine(HttpClient http) : Engine<Transcript>
{
    internal const string Id = "agent", Report = "report.md";

    private static readonly HttpClient Shared = new();
    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    public AgentEngine() : this(Shared) { }

    public override string EngineId => Id;

    protected override Transcript Init(WorkItem item)
    {
        Errand errand = item.PayloadAs<Errand>();
        return new(errand.Service, [new(Role.User, errand.Task)]);
    }

    protected override async Task<Outcome> StepAsync(Transcript state, StepContext context)
    {
        if (state.Last.Calls.IsEmpty) // Else the model has spoken, and a person was asked.
        {
            Message reply = await context.OnceAsync("model", (key, ct) => PostAsync<Message>(state.Service, "model", state.Messages, key, ct));
            state = state.With(reply);
            if (reply.Calls.IsEmpty) return Finish(state, context);
            if (reply.Calls.Exists(IsDangerous)) return Ask<Consent>(state, Question(reply.Calls), within: Patience, step: "ask");
        }
        foreach (ToolCall call in state.Last.Calls) state = state.With(new(Role.Tool, await UseAsync(call, state.Service, context), call.Tool));
        return Continue(state, step: "tools");
    }

    private async Task<string> UseAsync(ToolCall call, string service, StepContext context)
    {
        if (IsDangerous(call) && Refusal(context.Wake) is { } refusal) return refusal;
        return await context.OnceAsync(call.Tool, (key, ct) => PostAsync<string>(service, $"tools/{call.Tool}", call.Arguments, key, ct), new()
        {
            Arguments = call.Arguments,
            Interrupted = IsDangerous(call) ? Effect.Ask : Effect.Repeat,
        });
    }

    private static bool IsDangerous(ToolCall call) => call.Tool == "pay";

    private static string Question(IEnumerable<ToolCall> calls) =>
        $"May the agent do this?\n\n{string.Join('\n', calls.Where(IsDangerous).Select(call => $"- **{call.Tool}** `{call.Arguments}`"))}";

    private static string? Refusal(Wake? wake) => wake?.Answer switch
    {
        null => "refused: nobody has answered",
        { } answer when answer.As<Consent>() is { Allowed: false, Why: var why } => $"refused by {answer.By}{(why is null ? "" : $": {why}")}",
        _ => null,
    };

    /// <summary>The key goes along: by it the other side knows a repetition.</summary>
    private async Task<T> PostAsync<T>(string service, string path, object body, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{service}{path}");
        request.Headers.Add("Idempotency-Key", key);
        request.Content = new StringContent(JsonSerializer.Serialize(body, RoostJson.Default), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<T>(RoostJson.Default, cancellationToken))!;
    }

    private static Outcome Finish(Transcript state, StepContext context)
    {
        var report = new StringBuilder($"# {state.Messages[0].Text}\n\n{state.Last.Text}\n\n");
        foreach (Message message in state.Messages)
            if (message.Role == Role.Tool) report.Append($"- {message.Tool}: {message.Text}\n");
        context.AddArtifactText(Report, report.ToString());
        return Done(state);
    }
}
