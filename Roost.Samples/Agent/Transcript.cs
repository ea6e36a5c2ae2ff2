using System.Collections.Immutable;
using System.Text.Json;

namespace Roost.Samples.Agent;

/// <summary>What the agent is asked for, and the address behind which its model and its tools are.</summary>
public sealed record Errand(string Task, string Service);

/// <summary>Whose message it is.</summary>
public enum Role
{
    /// <summary>Who has given the task.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>The result of a tool.</summary>
    Tool,
}

/// <summary>A tool that the model wants to be called.</summary>
public sealed record ToolCall(string Tool, JsonElement Arguments);

/// <summary>One message. That of the model may want tools to be called; that of a tool says which it was.</summary>
public sealed record Message(Role Role, string Text, string? Tool = null)
{
    /// <summary>What the model wants to be called, in this order.</summary>
    public ImmutableList<ToolCall> Calls { get; init; } = [];
}

/// <summary>The agent's state: all that was said, and nothing else that could be lost.</summary>
public sealed record Transcript(string Service, ImmutableList<Message> Messages)
{
    internal Message Last => Messages[^1];

    internal Transcript With(Message message) => this with { Messages = Messages.Add(message) };
}

/// <summary>What a person says to a dangerous call.</summary>
public sealed record Consent(bool Allowed, string? Why = null);
