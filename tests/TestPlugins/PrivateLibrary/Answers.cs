namespace Contoso.PrivateLibrary;

public static class Answers
{
    public static int Ultimate => 42;
}
