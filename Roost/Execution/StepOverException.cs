using Roost.Stores;

namespace Roost.Execution;

/// <summary>A step is over before it has returned, whatever its code does with this: what it brings is dropped.</summary>
internal sealed class StepOverException(string message, Exception? innerException = null) : RoostException(message, innerException)
{
    /// <summary>What a person is asked before it is tried again.</summary>
    public EffectAsk? Ask { get; init; }

    /// <summary>Its lease is lost, or will not be needed any more: nothing is charged.</summary>
    public bool IsUncharged { get; init; }
}
