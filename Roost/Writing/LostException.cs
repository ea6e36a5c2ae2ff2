namespace Roost.Writing;

/// <summary>Something of a value would be lost: where, and why. Told as an <see cref="InvalidInputException"/> by whoever was asked to keep it.</summary>
internal sealed class LostException(string path, string why) : Exception(why)
{
    /// <summary>Both.</summary>
    public string Told => $"{path}: {Message}";

    public InvalidInputException In<TState>() =>
        new("state", $"{TypeNames.A(typeof(TState))} would not come back from the file as it is: {Told}") { FinalReason = FailReasons.StateNotKept };
}
